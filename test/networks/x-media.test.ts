import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createOutbound } from "../../src/lib/outbound/outbound.ts";
import type { Outcome } from "../../src/networks/network.ts";
import { x } from "../../src/networks/x.ts";
import { startRecording, type Recording } from "../support/recording.ts";
import type { WireFault } from "../support/wire.ts";
import { xAccountOn } from "../support/x-bench.ts";
import { startX, type XOptions } from "../support/x.ts";
import type { XCall } from "../support/x-faults.ts";
import { keyOf, ready, signal } from "./contract.ts";

let pictures: Recording;
beforeAll(async () => {
  const made = sharp({ create: { width: 40, height: 30, channels: 3, background: "#a03" } });
  const files: Record<string, Buffer> = {
    "/bridge.png": await made.png().toBuffer(),
    "/bridge.gif": await made.gif().toBuffer(),
  };
  pictures = await startRecording(({ url }, response) => {
    const file = files[url];
    response.writeHead(file ? 200 : 500, { "content-type": "image/png" }).end(file);
  });
});
afterAll(() => pictures.close());

async function desk(options: XOptions = {}) {
  const standIn = await startX(options);
  const outbound = createOutbound({
    allow: [`127.0.0.1:${standIn.port}`, `127.0.0.1:${pictures.port}`],
    userAgent: "Slugline-test/0",
  });
  const close = async () => {
    await standIn.close();
    await outbound.close();
  };
  const publish = (alt = "The bridge", name = "bridge.png", count = 1): Promise<Outcome> => {
    const media = Array.from({ length: count }, () => ({ url: `${pictures.url}/${name}`, alt }));
    return x(outbound).publish(xAccountOn(standIn.url), { ...ready(), media }, keyOf(ready()), signal());
  };
  const paths = () => standIn.requests.map(({ method, path }) => `${method} ${path.split("?")[0]}`);
  return { standIn, outbound, publish, paths, [Symbol.asyncDispose]: close };
}

test("a picture is there with its alternative text before the post is, which carries it and is found again", async () => {
  await using at = await desk();
  const outcome = await at.publish("The bridge, “open” & again");
  expect(outcome.kind).toBe("posted");
  expect(at.standIn.pictures).toMatchObject([{ category: "tweet_image", alt: "The bridge, “open” & again" }]);
  expect(at.standIn.accepted[0]!.mediaIds).toEqual([at.standIn.pictures[0]!.id]);
  expect(at.paths()).toEqual(["POST /2/media/upload", "POST /2/media/metadata", "POST /2/tweets"]);
  const found = await x(at.outbound).find!(xAccountOn(at.standIn.url), keyOf(ready()), new Set(), signal());
  expect(found).toEqual(outcome);
  expect(at.standIn.violations).toEqual([]);
});

test("a post of words and a picture, without a link, is found by its words", async () => {
  await using at = await desk();
  const post = { ...ready("The bridge & its people", null), media: [{ url: `${pictures.url}/bridge.png`, alt: "" }] };
  const account = xAccountOn(at.standIn.url);
  const outcome = await x(at.outbound).publish(account, post, keyOf(post), signal());
  expect(await x(at.outbound).find!(account, keyOf(post), new Set(), signal())).toEqual(outcome);
});

test("without an alternative text none is paid for; one that is too long is shortened; of five pictures four are taken", async () => {
  await using at = await desk({ duplicateMs: 0 });
  await at.publish("");
  expect(at.paths()).toEqual(["POST /2/media/upload", "POST /2/tweets"]);
  await at.publish("word ".repeat(400), "bridge.png", 5);
  expect(at.standIn.pictures).toHaveLength(5);
  expect(at.standIn.accepted[1]!.mediaIds).toHaveLength(4);
  const alt = at.standIn.pictures[1]!.alt ?? "";
  expect(alt.length).toBeGreaterThan(900);
  expect(alt.length).toBeLessThanOrEqual(1_000);
});

test("a picture that X is still at is waited for", async () => {
  await using at = await desk({ mediaPolls: 1 });
  expect((await at.publish()).kind).toBe("posted");
  expect(at.paths()).toContain("GET /2/media/upload");
});

test("of an animation the first picture is sent, as a picture", async () => {
  await using at = await desk();
  expect((await at.publish("", "bridge.gif")).kind).toBe("posted");
  const [upload] = at.standIn.requests;
  expect(upload!.body.includes("GIF89a")).toBe(false);
});

test("a picture that cannot be had leaves no post behind", async () => {
  await using at = await desk();
  expect((await at.publish("", "gone.png")).kind).toBe("busy");
  expect(at.paths()).toEqual([]);
});

describe("a picture that is not taken: the post was surely not sent", () => {
  const cases: readonly (readonly [WireFault, Outcome["kind"]])[] = [
    [400, "refused"],
    [401, "locked-out"],
    [402, "locked-out"],
    [403, "locked-out"],
    [413, "refused"],
    [429, "busy"],
    [500, "busy"],
    [503, "busy"],
    [302, "busy"],
    ["reset-after-accept", "busy"],
  ];
  const steps: readonly XCall[] = ["media", "metadata"];
  test.each(steps.flatMap((step) => cases.map(([fault, kind]) => [step, fault, kind] as const)))(
    "%s, %s: %s",
    async (step, fault, kind) => {
      await using at = await desk();
      at.standIn.next(fault, 1, step);
      expect((await at.publish()).kind).toBe(kind);
      expect(at.standIn.accepted).toEqual([]);
    },
  );
});
