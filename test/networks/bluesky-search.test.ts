import { expect, test } from "vitest";
import { bluesky } from "../../src/networks/bluesky.ts";
import { tidOf } from "../../src/networks/bluesky/tid.ts";
import { accountOn, blueskyBench } from "../support/bluesky-bench.ts";

const NOTHING: ReadonlySet<string> = new Set();

test("a post whose record key was lost is found by its link, back to the moment of the backup, and only that one", async () => {
  await using bench = await blueskyBench();
  const { standIn, outbound } = bench;
  const network = bluesky(outbound);
  const account = accountOn(standIn.url);
  const signal = AbortSignal.timeout(20_000);
  const now = Date.now();
  const publish = (text: string, link: string | null, at: number) =>
    network.publish(
      account,
      { text, link, lang: "en", media: [], card: null, sensitive: false, spoiler: null },
      { idempotency: tidOf({ now: at, random: Math.random }), link, text, intentAt: at, now: at },
      signal,
    );
  const link = "https://go.example.org/abcdefgh";
  const old = await publish(`Long ago ${link}`, link, now - 30 * 86_400_000);
  for (let other = 0; other < 130; other += 1)
    await publish(`Other ${other} https://go.example.org/x${other}`, null, now - 1_000 + other);
  const key = { idempotency: "lost", link, text: "never mind", intentAt: now - 86_400_000, now };
  expect(await network.search!(account, key, NOTHING, signal)).toEqual({ kind: "absent" });
  const posted = await publish(`Today, in other words ${link}`, link, now - 5_000);
  expect(await network.search!(account, key, NOTHING, signal)).toEqual(posted);
  // Another delivery's is none of ours, whatever it links to; without a link the words decide.
  const owned = new Set([posted, old].map((one) => (one.kind === "posted" ? one.id : "")));
  expect(await network.search!(account, key, owned, signal)).toEqual({ kind: "absent" });
  expect(
    await network.search!(account, { ...key, link: null, text: `Other 7 https://go.example.org/x7` }, NOTHING, signal),
  ).toMatchObject({
    kind: "posted",
  });
  standIn.next(500, 10, "read");
  expect(await network.search!(account, key, NOTHING, signal)).toMatchObject({ kind: "cannot-tell" });
});
