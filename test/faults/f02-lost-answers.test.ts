import { afterAll, beforeAll, expect, test } from "vitest";
import { answer } from "../../src/delivery/answer.ts";
import { testStore, type TestStore } from "../support/store.ts";
import type { WireFault } from "../support/wire.ts";
import { openSixDesk } from "./six-desk.ts";
import { tell } from "./tally.ts";

const ACCEPTED: readonly WireFault[] = [
  "hang-after-accept",
  "reset-after-accept",
  "truncated-json",
  "html-200",
  { status: 502, accept: true },
  { status: 504, accept: true },
];
/** `npm test` tries one fault on each network, another one on the next: the full run tries all on all. */
const tried = (nth: number) => (process.env.FULL ? ACCEPTED : [ACCEPTED[nth % ACCEPTED.length]!]);

let store: TestStore;
let at: Awaited<ReturnType<typeof openSixDesk>>;
beforeAll(async () => {
  store = await testStore();
  at = await openSixDesk(store);
});
afterAll(() => at[Symbol.asyncDispose]());

test.each(["masto", "x", "bsky", "tele", "hook"].map((account, nth) => [account, nth] as const))(
  "F2: %s took the post and its answer is lost in every way: it stands once, and is not sent blindly again",
  async (account, nth) => {
    const faults = tried(nth);
    let asked = 0;
    for (const fault of faults) {
      const { post, copies } = await at.approved(account);
      at.six.next(account, fault);
      const state = await at.untilRest(post);
      // Nobody can read a Telegram channel back: a person is asked.
      expect({ account, fault, state }).toEqual({ account, fault, state: account === "tele" ? "asked" : "posted" });
      if (state === "asked") asked += 1;
      expect({ account, fault, copies: copies() }).toEqual({ account, fault, copies: 1 });
    }
    tell({
      part: "F2",
      runs: 1,
      faults: { "answer lost on the wire": faults.length },
      deliveries: faults.length,
      accepted: faults.length,
      networks: { [account]: { ended: faults.length, asked } },
    });
  },
);

test.each(["bsky", "hook"])(
  "F2: %s took the post, its answer is lost, and the try after it, under the same key, is refused: a person looks, and nobody is told that it is not there",
  async (account) => {
    const { post, copies } = await at.approved(account);
    at.six.next(account, "reset-after-accept");
    at.six.next(account, 400);
    expect(await at.untilRest(post)).toBe("asked");
    expect(await at.desk.row(post)).toMatchObject({ attempts: 2, why: "maybe-there" });
    expect(copies()).toBe(1);
    tell({ part: "F2", runs: 1, faults: { "answer lost, then refused": 1 }, deliveries: 1, accepted: 1 });
  },
);

test("F2: an account that is locked out after a lost answer: whoever drops its post is asked to look, and it is not called off", async () => {
  const { post, copies } = await at.approved("bsky");
  at.six.next("bsky", "reset-after-accept");
  at.six.next("bsky", 401);
  expect(await at.untilRest(post)).toBe("locked-out");
  const { id } = await at.desk.row(post);
  const { person } = at.desk;
  expect(await answer(store, { deliveryId: String(id), answer: "drop", person })).toEqual({ ok: true, state: "due" });
  expect(await at.untilRest(post)).toBe("asked");
  expect(await at.desk.row(post)).toMatchObject({ id, why: "maybe-there" });
  expect(await answer(store, { deliveryId: String(id), answer: "there", person })).toEqual({ ok: true, state: "posted" });
  expect(copies()).toBe(1);
  tell({ part: "F2", runs: 1, faults: { "answer lost, then refused": 1 }, deliveries: 1, accepted: 1 });
});
