import { expect, test } from "vitest";
import { nextPost, POST_HAPPENINGS, POST_STATES } from "../../src/post/post.ts";

test("nothing about a post changes once it is on its way", () => {
  for (const state of POST_STATES) for (const happening of POST_HAPPENINGS) expect(nextPost(state, happening, true)).toBeNull();
});

test("a post becomes approved only from waiting, by an approval", () => {
  for (const state of POST_STATES) {
    for (const happening of POST_HAPPENINGS) {
      if (nextPost(state, happening, false) === "approved") expect([state, happening]).toEqual(["waiting", "approve"]);
    }
  }
});

test("any edit, of the text or the article, voids an approval", () => {
  expect(nextPost("approved", "edited", false)).toBe("waiting");
  expect(nextPost("approved", "article-changed", false)).toBe("waiting");
  expect(nextPost("approved", "withdrawn", false)).toBe("held");
});

test("a rejected post stays rejected when its article changes, and comes back only by a person", () => {
  expect(nextPost("rejected", "article-changed", false)).toBeNull();
  expect(nextPost("rejected", "release", false)).toBe("waiting");
});

test("every state can be reached, and every decision taken back", () => {
  const reached = new Set(["draft"]);
  for (const state of reached) {
    for (const happening of POST_HAPPENINGS) {
      const next = nextPost(state as (typeof POST_STATES)[number], happening, false);
      if (next) reached.add(next);
    }
  }
  expect([...reached].toSorted()).toEqual([...POST_STATES].toSorted());
  for (const state of ["approved", "rejected", "held", "expired"] as const)
    expect(nextPost(state, "release", false)).toBe("waiting");
});
