import { expect, test } from "vitest";
import fc from "fast-check";
import sharp from "sharp";
import { graphemes } from "../../src/lib/text/count.ts";
import { bluesky } from "../../src/networks/bluesky.ts";
import { tidOf } from "../../src/networks/bluesky/tid.ts";
import type { Ready } from "../../src/networks/network.ts";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import { blueskyBench, tidNamed, withNamedKeys } from "../support/bluesky-bench.ts";
import { startRecording } from "../support/recording.ts";
import { keyOf, ready, signal } from "./contract.ts";

const LINK = "https://go.example.org/k3m9x2ab";

/** The driver on a stand-in, beside a server with pictures. */
async function desk(picture: Buffer = Buffer.alloc(0), status = 200) {
  const bench = await blueskyBench();
  const pictures = await startRecording((_request, response) =>
    response.writeHead(status, { "content-type": "text/plain" }).end(picture),
  );
  const outbound = createOutbound({
    allow: [`127.0.0.1:${bench.standIn.port}`, `127.0.0.1:${pictures.port}`],
    userAgent: "Slugline-test/0",
  });
  const network = withNamedKeys(bluesky(outbound));
  return {
    ...bench,
    image: { url: `${pictures.url}/bridge.jpg?signature=private`, alt: "The bridge" },
    publish: (post: Ready, name = "delivery-1", more = {}) =>
      network.publish(bench.account, post, keyOf(post, name, more), signal()),
    value: () => [...bench.standIn.records.values()].at(-1)?.value as Record<string, unknown>,
    async [Symbol.asyncDispose]() {
      await outbound.close();
      await pictures.close();
      await bench.close();
    },
  };
}

const card = (image: Ready["media"][number] | null) => ({ url: LINK, title: "Bridge reopens", description: "At last", image });
const flat = (width: number, height: number) => sharp({ create: { width, height, channels: 3, background: "#47a" } });
/** Noise: a picture that hardly shrinks. */
const noisy = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: "#888", noise: { type: "gaussian", mean: 128, sigma: 60 } } });

interface Facet {
  readonly index: { readonly byteStart: number; readonly byteEnd: number };
  readonly features: readonly { readonly $type: string; readonly uri?: string; readonly tag?: string }[];
}

/** What each facet of the record points at, cut out of its bytes, and what it makes of that. */
function tapped(value: Record<string, unknown>): [string, string | undefined][] {
  const bytes = Buffer.from(String(value["text"]));
  return ((value["facets"] ?? []) as Facet[]).map(({ index, features }) => [
    bytes.subarray(index.byteStart, index.byteEnd).toString(),
    features[0]?.uri ?? features[0]?.tag,
  ]);
}

test("links and hashtags among Arabic and emoji point at the right bytes", async () => {
  await using at = await desk();
  const text = `👩‍👩‍👧 افتتاح الجسر ${LINK}، وهذا كل شيء #أخبار #سوريا_اليوم. ئێستا`;
  expect((await at.publish({ ...ready(text, LINK), lang: "ar" })).kind).toBe("posted");
  expect(tapped(at.value())).toEqual([
    [LINK, LINK],
    ["#أخبار", "أخبار"],
    ["#سوريا_اليوم", "سوريا_اليوم"],
  ]);
  expect(at.value()["langs"]).toEqual(["ar"]);
});

test("whatever stands around it, the post's own link is tapped as it is, and no facet cuts a character", async () => {
  await using at = await desk();
  let name = 0;
  const around = fc.string({ unit: "grapheme", maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(around, around, async (before, after) => {
      const text = `${before}${LINK}${after}`;
      expect((await at.publish(ready(text, LINK), `any ${(name += 1)}`)).kind, JSON.stringify(text)).toBe("posted");
      const mine = tapped(at.value()).filter(([shown]) => shown === LINK);
      expect(mine).toEqual([[LINK, LINK]]);
    }),
    { numRuns: 60 },
  );
});

test("mentions are left as words: whom they mean would have to be looked up", async () => {
  await using at = await desk();
  await at.publish(ready("With @someone.bsky.social and #news", null));
  expect(tapped(at.value())).toEqual([["#news", "news"]]);
});

test("a word that only begins like a link, and a tag beyond all measure, are left as words", async () => {
  await using at = await desk();
  expect(
    (await at.publish(ready(`See httpbin.org, example.org and #${"e\u0302\u0303\u0304\u0305\u0306\u0307".repeat(60)}`, null)))
      .kind,
  ).toBe("posted");
  expect(tapped(at.value())).toEqual([["example.org", "https://example.org"]]);
});

test("the moment of a post is that of its intent, on every try", async () => {
  await using at = await desk();
  const intentAt = Date.UTC(2026, 10, 23, 12, 0, 0, 123);
  await at.publish(ready(), "a", { intentAt });
  await at.publish(ready(), "a", { intentAt, now: Date.now() + 60_000 });
  expect(at.value()["createdAt"]).toBe("2026-11-23T12:00:00.123Z");
  expect([at.standIn.records.size, at.standIn.commits()]).toEqual([1, 1]);
});

test("a card has the story's title, words and thumbnail", async () => {
  const picture = await flat(1_200, 630).jpeg().toBuffer();
  await using at = await desk(picture);
  expect((await at.publish({ ...ready(), card: card(at.image) })).kind).toBe("posted");
  const { external } = at.value()["embed"] as { external: { thumb: { ref: { $link: string } } } };
  expect(external).toMatchObject({ uri: LINK, title: "Bridge reopens", description: "At last" });
  const blob = at.standIn.blobs.get(external.thumb.ref.$link);
  expect(blob?.type, "by its bytes, not by the header").toBe("image/jpeg");
  expect(blob?.bytes.equals(picture), "one that fits is untouched").toBe(true);
});

test.each([
  ["no picture at all", Buffer.from("<html>"), 200],
  ["a server that fails", Buffer.alloc(0), 503],
  ["one that is gone", Buffer.alloc(0), 410],
])("%s: the card goes out without a thumbnail", async (_name, picture, status) => {
  await using at = await desk(picture, status);
  expect((await at.publish({ ...ready(), card: card(at.image) })).kind).toBe("posted");
  expect(at.value()["embed"]).toEqual({
    $type: "app.bsky.embed.external",
    external: { uri: LINK, title: "Bridge reopens", description: "At last" },
  });
});

test("a thumbnail the server fails to take is left out; being asked to wait holds the post", async () => {
  await using at = await desk(await flat(600, 315).png().toBuffer());
  at.standIn.next(500, 1, "media");
  expect((await at.publish({ ...ready(), card: card(at.image) }, "a")).kind).toBe("posted");
  at.standIn.next({ status: 429, headers: { "retry-after": "600" } }, 1, "media");
  expect(await at.publish({ ...ready(), card: card(at.image) }, "b")).toMatchObject({
    kind: "busy",
    retryAt: expect.any(Number),
  });
});

test("pictures go with their alternative texts and shapes, and hidden ones are labelled", async () => {
  await using at = await desk(await flat(800, 600).jpeg().toBuffer());
  const media = [{ ...at.image, alt: `The bridge ${"é".repeat(2_100)}` }, at.image];
  expect((await at.publish({ ...ready(), media, card: card(at.image), sensitive: true })).kind).toBe("posted");
  const embed = at.value()["embed"] as { $type: string; images: { alt: string; aspectRatio: object }[] };
  expect(embed.$type).toBe("app.bsky.embed.images");
  expect(embed.images.map(({ aspectRatio }) => aspectRatio)).toEqual([
    { width: 800, height: 600 },
    { width: 800, height: 600 },
  ]);
  expect(graphemes(embed.images[0]!.alt)).toBeLessThanOrEqual(2_000);
  expect(embed.images[1]?.alt).toBe("The bridge");
  expect(at.value()["labels"]).toEqual({ $type: "com.atproto.label.defs#selfLabels", values: [{ val: "graphic-media" }] });
});

test("a picture that is too big is shrunk", async () => {
  const big = await noisy(1_050, 750).jpeg({ quality: 100 }).toBuffer();
  expect(big.length).toBeGreaterThan(1_000_000);
  await using at = await desk(big);
  expect((await at.publish({ ...ready(), media: [at.image] })).kind).toBe("posted");
  const [blob] = at.standIn.blobs.values();
  expect(blob!.bytes.length).toBeLessThanOrEqual(1_000_000);
  const { width, height } = await sharp(blob!.bytes).metadata();
  expect(width / height).toBeCloseTo(1.4, 1);
});

test("a picture of the post's own that cannot be had holds the post, or refuses it where it never can", async () => {
  for (const [picture, status, kind] of [
    ["", 503, "busy"],
    ["", 410, "refused"],
    ["<svg/>", 200, "refused"],
  ] as const) {
    await using at = await desk(Buffer.from(picture), status);
    const outcome = await at.publish({ ...ready(), media: [at.image] });
    expect(outcome.kind, `${status} ${picture}`).toBe(kind);
    expect(JSON.stringify(outcome), "a query may be a key to the picture").not.toContain("private");
    expect(at.standIn.count("publish")).toBe(0);
  }
});

test("another picture on the second try: the post that stands there is this one", async () => {
  await using at = await desk(await flat(600, 315).jpeg().toBuffer());
  const first = await at.publish({ ...ready(), card: card(null) });
  expect(await at.publish({ ...ready(), card: card(at.image) })).toEqual(first);
  expect(at.standIn.commits(), "and nothing was written over it").toBe(1);
});

test("other words under our key: nobody knows, and nothing is written over them", async () => {
  await using at = await desk();
  await at.publish(ready("First words", null));
  expect(await at.publish(ready("Other words", null))).toMatchObject({ kind: "unknown" });
  expect(at.value()["text"]).toBe("First words");
  const key = keyOf(ready("Other words", null));
  expect((await at.network.find!(at.account, key, new Set(), signal())).kind).toBe("cannot-tell");
});

test("a blob that the server has swept away: busy, so that it is uploaded anew", async () => {
  await using at = await desk();
  at.standIn.next({ status: 400, body: '{"error":"BlobNotFound","message":"Could not find blob: bafy"}' });
  expect((await at.publish(ready())).kind).toBe("busy");
});

test("what is too long is refused, and the limit says so beforehand", async () => {
  await using at = await desk();
  const limits = await at.network.limits(at.account, signal());
  expect(limits).toMatchObject({ max: 300, unit: "grapheme", perLink: null, maxBytes: 3_000 });
  expect(await at.publish(ready("👩‍👩‍👧".repeat(170), null))).toMatchObject({
    kind: "refused",
    why: expect.stringMatching(/too big \(maximum 3000/),
  });
  expect(await at.publish(ready("x".repeat(301), null))).toMatchObject({
    kind: "refused",
    why: expect.stringMatching(/maximum 300, got 301/),
  });
  expect((await at.publish(ready("é".repeat(300), null))).kind).toBe("posted");
});

test("a key is a TID: it sorts by time, and two of one moment differ", () => {
  const tid = (now: number) => tidOf({ now, random: Math.random });
  expect(tid(Date.now())).toMatch(/^[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}$/);
  expect(tidOf({ now: 1_700_000_000_000, random: () => 0 })).toBe("3ke6kg3wk2222");
  const sorted = [1, 1_000, 1_700_000_000_000, 1_700_000_000_001, 2_000_000_000_000].map(tid);
  expect(sorted.toSorted()).toEqual(sorted);
  expect(new Set(Array.from({ length: 50 }, () => tid(1_700_000_000_000))).size).toBeGreaterThan(45);
  expect(tidNamed("a")).not.toBe(tidNamed("b"));
});
