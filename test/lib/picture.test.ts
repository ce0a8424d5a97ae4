import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createOutbound, type Outbound } from "../../src/lib/outbound/outbound.ts";
import { fetchPicture, type Picture, type PictureOptions } from "../../src/lib/picture.ts";
import { startRecording, type Recording } from "../support/recording.ts";

const MEGABYTE = 1_000_000;

let server: Recording;
let outbound: Outbound;
let answer: { status?: number; type?: string; body?: Buffer; location?: string } = {};

beforeAll(async () => {
  server = await startRecording((request, response) => {
    if (request.url === "/hang") return;
    const {
      status = 200,
      type = "image/jpeg",
      body = Buffer.alloc(0),
      location,
    } = request.url === "/there" ? { ...answer, status: 200 } : answer;
    response.writeHead(status, { "content-type": type, ...(location ? { location } : {}) }).end(body);
  });
  outbound = createOutbound({ allow: [`127.0.0.1:${server.port}`], userAgent: "Slugline-test/0" });
});
afterAll(async () => {
  await outbound.close();
  await server.close();
});

function get(given: typeof answer, options: Partial<PictureOptions> = {}, path = "/bridge.jpg?key=private") {
  answer = given;
  return fetchPicture(outbound, server.url + path, { maxBytes: MEGABYTE, ...options });
}

async function picture(body: Buffer, options: Partial<PictureOptions> = {}): Promise<Picture> {
  const found = await get({ body }, options);
  expect(found, JSON.stringify("why" in found ? found.why : "")).toMatchObject({ kind: "picture" });
  return found as Picture;
}

const flat = (width: number, height: number) => sharp({ create: { width, height, channels: 3, background: "#47a" } });
const noisy = (width: number, height: number, channels: 3 | 4 = 3) =>
  sharp({ create: { width, height, channels, background: "#888", noise: { type: "gaussian", mean: 128, sigma: 60 } } });
const gps = { IFD0: { Artist: "Somebody", Copyright: "Somebody" }, IFD3: { GPSLatitude: "33/1 30/1 0/1", GPSLatitudeRef: "N" } };

test.each(["jpeg", "png", "gif", "webp"] as const)(
  "a %s that fits is given on byte for byte, whatever its header says",
  async (format) => {
    const body = await flat(120, 80).toFormat(format).toBuffer();
    const found = await picture(body, {});
    expect(found).toMatchObject({ type: `image/${format}`, width: 120, height: 80 });
    expect(found.bytes.equals(body)).toBe(true);
  },
);

test("one with EXIF, where it was taken for example, is written anew without", async () => {
  const body = await flat(300, 200).withExif(gps).jpeg().toBuffer();
  expect((await sharp(body).metadata()).exif).toBeDefined();
  const { bytes, type } = await picture(body);
  const { exif, xmp, iptc } = await sharp(bytes).metadata();
  expect([type, exif, xmp, iptc]).toEqual(["image/jpeg", undefined, undefined, undefined]);
  expect(bytes.includes("Somebody")).toBe(false);
});

test("a PNG with words in it loses them and stays a PNG", async () => {
  const body = await flat(300, 200).withExif(gps).png().toBuffer();
  const { bytes, type } = await picture(body);
  expect(type).toBe("image/png");
  expect((await sharp(bytes).metadata()).exif).toBeUndefined();
});

test("one that was photographed sideways stands upright", async () => {
  const body = await flat(300, 200).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  const { bytes, width, height } = await picture(body);
  expect([width, height]).toEqual([200, 300]);
  expect((await sharp(bytes).metadata()).orientation).toBeUndefined();
});

const TOO_BIG = [
  [800, 50_000],
  [2_000, 1_000_000],
  [2_000, 300_000],
  [2_000, 20_000],
] as const;
test.each(process.env.FULL ? TOO_BIG : TOO_BIG.slice(0, 1))(
  "one %i wide that is too big is shrunk into %i bytes, in its shape",
  async (side, maxBytes) => {
    const made = await noisy(side, (side * 3) / 4)
      .jpeg({ quality: 95 })
      .toBuffer();
    expect(made.length).toBeGreaterThan(maxBytes);
    const { bytes, width, height } = await picture(made, { maxBytes });
    expect(bytes.length).toBeLessThanOrEqual(maxBytes);
    expect(bytes.length, "and no more than it must").toBeGreaterThan(maxBytes / 16);
    expect(width / height).toBeCloseTo(4 / 3, 1);
  },
);

test("a bigger side than networks show is shrunk though its bytes fit", async () => {
  const { width, height } = await picture(await flat(6_000, 3_000).jpeg().toBuffer());
  expect([width, height]).toEqual([4_096, 2_048]);
});

test("what a network does not take becomes what it takes", async () => {
  const avif = await flat(200, 100).avif().toBuffer();
  expect((await picture(avif)).type).toBe("image/jpeg");
  expect((await picture(avif, { types: ["image/avif"] })).type).toBe("image/avif");
  const clear = await sharp({ create: { width: 90, height: 90, channels: 4, background: "#0000" } })
    .png()
    .toBuffer();
  expect((await picture(clear, { types: ["image/webp", "image/jpeg"] })).type).toBe("image/webp");
  const { bytes, type } = await picture(clear, { types: ["image/jpeg"] });
  expect(type).toBe("image/jpeg");
  const { dominant } = await sharp(bytes).stats();
  expect(dominant.r, "what was transparent is white").toBeGreaterThan(240);
});

test("an animation that fits keeps moving, one that does not is its first picture", async () => {
  const frames = await Promise.all(
    ["#f00", "#0f0", "#00f"].map((background) =>
      sharp({ create: { width: 60, height: 60, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  );
  const body = await sharp(frames, { join: { animated: true } })
    .gif()
    .toBuffer();
  expect((await picture(body)).bytes.equals(body)).toBe(true);
  const still = await picture(body, { types: ["image/jpeg"] });
  expect([still.type, still.width, still.height]).toEqual(["image/jpeg", 60, 60]);
});

/** A PNG of a few hundred kilobytes that claims to be as large as wished. */
function bomb(width: number, height: number): Buffer {
  const chunk = (name: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const rows = deflateSync(Buffer.alloc(1_000_000));
  return Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", head),
    chunk("IDAT", rows),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function crc(bytes: Buffer): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return (sum ^ 0xffffffff) >>> 0;
}

test.each([
  ["a page", Buffer.from("<!DOCTYPE html><title>Gone</title>")],
  ["an SVG", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
  ["a PDF", Buffer.from("%PDF-1.7\n")],
  ["nothing", Buffer.alloc(0)],
  ["a PNG that ends after its first bytes", Buffer.from("89504e470d0a1a0a", "hex")],
  ["a JPEG of noise", Buffer.concat([Buffer.from("ffd8ffe0", "hex"), Buffer.alloc(500, 7)])],
  ["a PNG that claims 30,000 by 30,000 pixels (ASVS 5.2.3)", bomb(30_000, 30_000)],
])("%s will never do", async (_name, body) => {
  const found = await get({ body, type: "image/png" });
  expect(found).toMatchObject({ kind: "never", why: expect.stringContaining("/bridge.jpg") });
  expect(JSON.stringify(found), "a query may be a key to the picture").not.toContain("private");
});

test.each([
  [500, "later"],
  [503, "later"],
  [429, "later"],
  [404, "later"],
  [403, "never"],
  [410, "never"],
] as const)("a server that answers %i: %s", async (status, kind) => {
  expect(await get({ status })).toMatchObject({ kind, why: expect.stringContaining(String(status)) });
});

test("a server that is not there, or does not answer in time: later", async () => {
  expect((await get({}, { signal: AbortSignal.timeout(100) }, "/hang")).kind).toBe("later");
  const nobody = await startRecording(() => {});
  await nobody.close();
  await using out = createOutbound({ allow: ["127.0.0.0/8", `127.0.0.1:${nobody.port}`], userAgent: "Slugline-test/0" });
  expect((await fetchPicture(out, `${nobody.url}/a.jpg`, { maxBytes: MEGABYTE })).kind).toBe("later");
});

test("an address inside our own network, or none at all: never", async () => {
  for (const url of [
    "http://169.254.169.254/latest/meta-data",
    "http://127.0.0.1:1/a.jpg",
    "data:image/png;base64,AA",
    "no address",
  ])
    expect((await fetchPicture(outbound, url, { maxBytes: MEGABYTE })).kind, url).toBe("never");
});

test("up to three redirects are followed", async () => {
  const body = await flat(10, 10).png().toBuffer();
  expect((await get({ status: 302, location: "/there", body })).kind).toBe("picture");
  expect((await get({ status: 302, location: "/round" })).kind).toBe("later");
});

test("more bytes than anybody's original has are not fetched", async () => {
  expect(await get({ body: Buffer.alloc(33 * 1024 * 1024) })).toMatchObject({ kind: "never" });
});
