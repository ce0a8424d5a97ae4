import { describe, expect, test } from "vitest";
import { judge, type Accepted, type Act, type Ended, type History } from "./history.ts";

const approve: Act = { post: "p", kind: "approve", askedAt: 1, toldAt: 2 };
const takenBack: Act = { post: "p", kind: "void", askedAt: 3, toldAt: 4 };
const there: Accepted = { post: "p", account: "a", id: "42", text: "words", writtenAt: 5 };
const posted: Ended = {
  id: "d",
  post: "p",
  account: "a",
  state: "posted",
  remoteId: "42",
  assumed: null,
  why: null,
  text: "words",
  wasApproved: true,
};

function history(it: Partial<History> & { state?: string }): History {
  const { state = "approved", ...rest } = it;
  return { acts: [approve], accepted: [], deliveries: [], posts: new Map([["p", state]]), ...rest };
}
const broken = (it: Parameters<typeof history>[0]) => judge(history(it)).faults.map(({ invariant }) => invariant);
const ending = (it: Parameters<typeof history>[0]) => judge(history(it)).endings.get("p");

describe("the judge finds nothing in", () => {
  test("a post that stands once, and whose row says so with its id", () => {
    expect(judge(history({ accepted: [there], deliveries: [posted] }))).toEqual({
      faults: [],
      endings: new Map([["p", "posted"]]),
    });
  });

  test("a post that was refused, or taken back, and is nowhere", () => {
    const refused = { ...posted, state: "refused", remoteId: null };
    expect(broken({ deliveries: [refused] })).toEqual([]);
    expect(ending({ deliveries: [refused] })).toBe("not-posted");
    expect(broken({ acts: [approve, takenBack], state: "waiting", deliveries: [{ ...refused, state: "cancelled" }] })).toEqual(
      [],
    );
    expect(ending({ acts: [approve, takenBack], state: "waiting" })).toBe("not-posted");
  });

  test("a post that a person is asked about, there or not", () => {
    const asked = { ...posted, state: "asked", remoteId: null };
    expect(broken({ deliveries: [asked] })).toEqual([]);
    expect(broken({ accepted: [there], deliveries: [asked] })).toEqual([]);
    expect(ending({ accepted: [there], deliveries: [asked] })).toBe("asked");
  });

  test("a post taken back and approved anew before it was sent", () => {
    const anew: Act = { ...approve, askedAt: 4, toldAt: 5 };
    expect(broken({ acts: [approve, takenBack, anew], accepted: [{ ...there, writtenAt: 6 }], deliveries: [posted] })).toEqual(
      [],
    );
  });

  test("an approval nobody was told of, whatever became of it", () => {
    const untold = { ...approve, toldAt: undefined };
    expect(broken({ acts: [untold] })).toEqual([]);
    expect(broken({ acts: [untold], accepted: [there], deliveries: [posted] })).toEqual([]);
  });
});

describe("the judge finds", () => {
  test("a post that stands twice (I1), also when a person is asked about it", () => {
    const twice = [there, { ...there, id: "43" }];
    expect(broken({ accepted: twice, deliveries: [posted] })).toEqual(["I1"]);
    expect(broken({ accepted: twice, deliveries: [{ ...posted, state: "asked" }] })).toEqual(["I1"]);
  });

  test.each(["due", "sending", "unknown", "stale", "locked-out"])("a delivery that never ends: %s (I2)", (state) => {
    expect(broken({ deliveries: [{ ...posted, state }] })).toContain("I2");
  });

  test("an approval that came to nothing, silently (I3)", () => {
    expect(broken({})).toEqual(["I3"]);
    expect(broken({ deliveries: [{ ...posted, state: "cancelled" }] })).toEqual(["I3"]);
  });

  test("a row that says it is not posted, while it is there (I3)", () => {
    for (const state of ["cancelled", "refused"])
      expect(broken({ accepted: [there], deliveries: [{ ...posted, state }] })).toEqual(["I3"]);
  });

  test("a row that lies: posted and nowhere, or under another's id (I4)", () => {
    expect(broken({ deliveries: [posted] })).toEqual(["I4"]);
    expect(broken({ accepted: [there], deliveries: [{ ...posted, remoteId: "41" }] })).toEqual(["I4"]);
    expect(broken({ deliveries: [{ ...posted, remoteId: null, assumed: "person" }] })).toEqual(["I4"]);
  });

  test("a rule's assumption that was wrong, as what it is: neither proven nor a fault", () => {
    const assumed = { ...posted, remoteId: null, assumed: "rule" };
    expect(broken({ deliveries: [assumed] })).toEqual([]);
    expect(ending({ deliveries: [assumed] })).toBe("assumed");
  });

  test("what went out unapproved, after it was taken back, or in other words (I6)", () => {
    expect(broken({ acts: [], accepted: [there], deliveries: [posted] })).toEqual(["I6"]);
    expect(broken({ acts: [{ ...approve, askedAt: 6 }], accepted: [there], deliveries: [posted] })).toEqual(["I6"]);
    expect(broken({ acts: [approve, takenBack], accepted: [there], deliveries: [posted] })).toEqual(["I6"]);
    expect(broken({ accepted: [{ ...there, text: "older words" }], deliveries: [posted] })).toEqual(["I6"]);
    expect(broken({ accepted: [there], deliveries: [{ ...posted, wasApproved: false }] })).toEqual(["I6"]);
  });

  test("a part that stands without the one before it, before it, or as an answer to another (T7)", () => {
    const part = { ...there, post: "q", id: "43", parent: "42", writtenAt: 6 };
    const both = {
      acts: [approve, { ...approve, post: "q" }],
      deliveries: [posted, { ...posted, id: "e", post: "q", remoteId: "43" }],
      before: new Map([["q", "p"]]),
    };
    const cases = [
      [[there, part], []],
      [[there, { ...part, parent: null }], ["T7"]],
      [[there, { ...part, parent: "41" }], ["T7"]],
      [[{ ...there, writtenAt: 7 }, part], ["T7"]],
    ] as const;
    for (const [accepted, faults] of cases) expect(broken({ ...both, accepted })).toEqual(faults);
  });

  test("a part that waits although the one before it stands (I2), and not one that waits for it", () => {
    const waiting = { ...posted, id: "e", post: "q", state: "due", remoteId: null };
    const acts = [approve, { ...approve, post: "q" }];
    const before = new Map([["q", "p"]]);
    expect(broken({ acts, before, accepted: [there], deliveries: [posted, waiting] })).toContain("I2");
    const asked = { ...posted, state: "asked", remoteId: null };
    expect(judge(history({ acts, before, deliveries: [asked, waiting] }))).toEqual({
      faults: [],
      endings: new Map([
        ["p", "asked"],
        ["q", "asked"],
      ]),
    });
  });

  test("what began while everything was stopped, before its time, or too soon after another (I6, I7)", () => {
    const begun = (...times: number[]) => times.map((at) => ({ account: "a", post: "p", at }));
    const well = { accepted: [there], deliveries: [posted] };
    expect(broken({ ...well, begun: begun(10), paused: [{ from: 5, to: 15 }] })).toEqual(["I6"]);
    expect(broken({ ...well, begun: begun(16), paused: [{ from: 5, to: 15 }] })).toEqual([]);
    expect(broken({ ...well, begun: begun(10), notBefore: new Map([["p", 11]]) })).toEqual(["I6"]);
    expect(broken({ ...well, begun: begun(10, 69), spacing: new Map([["a", 60]]) })).toEqual(["I7"]);
    expect(broken({ ...well, begun: begun(10, 70), spacing: new Map([["a", 60]]) })).toEqual([]);
  });
});
