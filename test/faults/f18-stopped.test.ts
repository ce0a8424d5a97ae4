import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testStore, type TestStore } from "../support/store.ts";
import { BACKENDS, noBackend, openFleet, type Fleet } from "./fleet.ts";

const STORIES = 40;

describe.each(BACKENDS)("F18: a worker asked to stop (SIGTERM) under load, with slow answers, queue on %s", (backend) => {
  describe.skipIf(noBackend(backend) !== undefined)("where it is installed", () => {
    let store: TestStore;
    let fleet: Fleet;
    beforeAll(async () => {
      store = await testStore();
      fleet = await openFleet(store, backend, ["masto", "local"]);
    });
    afterAll(() => fleet[Symbol.asyncDispose]());

    test("finishes what is under way and takes nothing more: nothing is left unknown", async () => {
      const posts = await fleet.approved(STORIES);
      // As an upload that takes its time, inside what a request may take.
      for (let nth = 0; nth < STORIES; nth += 1) fleet.six.next("masto", { status: 200, accept: true, answerAfterMs: 300 });
      const worker = fleet.worker("", "", { REQUEST_MS: "4000" });
      await worker.ready;
      for (;;) {
        const { rows } = await store.query("select from slugline.delivery where state = 'sending'");
        if (rows.length > 0) break;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      worker.child.kill("SIGTERM");
      expect(await worker.ended).toBe(0);
      const { rows } = await store.query("select state from slugline.delivery where state in ('sending', 'unknown', 'asked')");
      expect(rows).toEqual([]);
      const after = fleet.worker();
      await fleet.allPosted();
      after.child.kill("SIGTERM");
      expect(await after.ended).toBe(0);
      const { faults, endings } = await fleet.verdict("F18", { SIGTERM: 2 });
      expect(faults).toEqual([]);
      expect(endings.size).toBe(posts.length);
    });
  });
});
