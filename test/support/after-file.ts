import { afterAll } from "vitest";
import { giveBack } from "./store.ts";

// Registered first, and so the last to run. An `afterAll` that is called inside a hook or a test is never run by Vitest.
afterAll(giveBack);
