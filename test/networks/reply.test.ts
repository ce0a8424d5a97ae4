import { expect, test } from "vitest";
import type { Placed } from "../../src/networks/network.ts";
import { STAGES } from "../support/thread-desk.ts";
import { keyOf, ready, signal } from "./contract.ts";

const to = (parent: Placed) => ({ ...ready("And it is green.", null), replyTo: { parent, root: parent } });
const nowhere = { id: null, url: null, ref: null };

test.each([
  ["mastodon", { ...nowhere, id: "999999" }, /does not appear to exist/],
  ["x", { ...nowhere, id: "999999" }, /deleted or not visible/],
  ["telegram", { ...nowhere, id: "-1001234567890/999999" }, /to be replied not found/],
  [
    "bluesky",
    { ...nowhere, id: "at://did:plc:standin2345672345672345/app.bsky.feed.post/3k2aaaaaaaa22" },
    /not on Bluesky any more/,
  ],
] as const)("on %s an answer to a post that is gone is refused, and not sent alone", async (name, parent, why) => {
  const stage = await STAGES[name]!();
  const post = to(parent);
  const outcome = await stage.network.publish(stage.account, post, keyOf(post, "3k2aaaaaaab22"), signal());
  expect(outcome).toMatchObject({ kind: "refused", why: expect.stringMatching(why) });
  expect(stage.standing()).toEqual([]);
  await stage.close();
});

test.each(["mastodon", "x", "telegram", "bluesky"])(
  "on %s a person's address of the post is enough to answer it",
  async (name) => {
    const stage = await STAGES[name]!();
    const first = ready("The bridge opens.", null);
    expect((await stage.network.publish(stage.account, first, keyOf(first, "3k2aaaaaaac22"), signal())).kind).toBe("posted");
    const [there] = stage.standing();
    const post = to({ ...nowhere, url: there!.address });
    expect(await stage.network.publish(stage.account, post, keyOf(post, "3k2aaaaaaad22"), signal())).toMatchObject({
      kind: "posted",
    });
    expect(stage.standing()[1]!.parent).toBe(there!.id);
    await stage.close();
  },
);

test.each(["mastodon", "x", "telegram", "bluesky"])("on %s another site's address is refused with a sentence", async (name) => {
  const stage = await STAGES[name]!();
  const post = to({ ...nowhere, url: "https://elsewhere.example/about" });
  const outcome = await stage.network.publish(stage.account, post, keyOf(post, "3k2aaaaaaae22"), signal());
  expect(outcome).toMatchObject({ kind: "refused", why: expect.stringContaining("https://elsewhere.example/about") });
  expect(stage.standing()).toEqual([]);
  await stage.close();
});

test("on Bluesky every try of an answer writes the same record, whatever became of the post it answers", async () => {
  const stage = await STAGES["bluesky"]!();
  const first = ready("The bridge opens.", null);
  const posted = await stage.network.publish(stage.account, first, keyOf(first, "3k2aaaaaaaf22"), signal());
  const { id, ref = null } = posted as { id: string; ref?: string };
  const post = to({ id, url: null, ref });
  const key = keyOf(post, "3k2aaaaaaag22");
  stage.next("reset-after-accept");
  expect((await stage.network.publish(stage.account, post, key, signal())).kind).toBe("unknown");
  expect((await stage.network.publish(stage.account, post, key, signal())).kind).toBe("posted");
  expect(stage.standing()).toHaveLength(2);
  await stage.close();
});
