import type { default as sharp, Sharp } from "sharp";
import { reasonOf, sentenceOf } from "./fault.ts";
import { OutboundError } from "./outbound/error.ts";
import type { Answer, Outbound } from "./outbound/outbound.ts";
import { say } from "./say.ts";

/** What networks take, by what stands at the beginning of the bytes. SVG is not among it: it is a program, not a picture. */
export type PictureType = "image/jpeg" | "image/png" | "image/gif" | "image/webp" | "image/avif";

export interface Picture {
  readonly kind: "picture";
  readonly bytes: Buffer;
  readonly type: PictureType;
  readonly width: number;
  readonly height: number;
}

/**
 * Why a picture cannot be had, as a sentence.
 * - later: its server failed or could not be reached; asking again may help
 * - never: this picture will not do, however often it is asked for
 */
export interface NoPicture {
  readonly kind: "later" | "never";
  readonly why: string;
}

export interface PictureOptions {
  /** The largest the picture may be as it is sent on. */
  readonly maxBytes: number;
  /** What the network takes. Default: JPEG, PNG, GIF and WebP. */
  readonly types?: readonly PictureType[];
  readonly signal?: AbortSignal;
}

const USUAL_TYPES: readonly PictureType[] = ["image/jpeg", "image/png", "image/gif", "image/webp"];
/** What is fetched, before it is made to fit: a photographer's original. */
const MOST_FETCHED = 32 * 1024 * 1024;
const FETCH_MS = 15_000;
/** The largest cameras of the press make 61 million; a file of some kilobytes may claim many times that. */
const MOST_PIXELS = 64_000_000;
const FITTING_MS = 15_000;
/** Within what every network shows; larger ones are shrunk though their bytes would fit. */
const LONGEST_SIDE = 4_096;
const SHORTEST_TRIED = 160;
/** Answers after which the same address may well have a picture: a CDN may be behind the article that names it. */
const PASSING = new Set([404, 408, 425, 429]);
const HOPELESS = new Set(["OUTBOUND_BAD_URL", "OUTBOUND_BLOCKED", "OUTBOUND_TOO_LARGE", "OUTBOUND_ENCODING"]);

/**
 * Fetches a picture and makes it fit. What it is its bytes say, never its header. One that fits already, upright and
 * without metadata (EXIF, GPS, XMP, IPTC, comments), is given on byte for byte, undecoded; any other is decoded within
 * limits, turned upright, stripped, and shrunk until it fits; of an animation the first picture is then left.
 */
export async function fetchPicture(outbound: Outbound, url: string, options: PictureOptions): Promise<Picture | NoPicture> {
  const named = withoutQuery(url);
  let answer: Answer;
  try {
    const { signal } = options;
    answer = await outbound.request(url, {
      redirects: 3,
      maxBytes: MOST_FETCHED,
      timeoutMs: FETCH_MS,
      headers: { accept: "image/*" },
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    const hopeless = error instanceof OutboundError && HOPELESS.has(error.code);
    return { kind: hopeless ? "never" : "later", why: say`The picture ${named} could not be fetched: ${reasonOf(error)}` };
  }
  const { status, body } = answer;
  if (status !== 200) {
    const passing = status < 400 || status >= 500 || PASSING.has(status);
    return { kind: passing ? "later" : "never", why: say`The picture ${named} answered ${status}.` };
  }
  return fitPicture(body, named, options);
}

/** @param named its address, as a sentence may have it */
async function fitPicture(
  bytes: Buffer,
  named: string,
  { maxBytes, types = USUAL_TYPES, signal }: PictureOptions,
): Promise<Picture | NoPicture> {
  const type = typeOf(bytes);
  if (type === null)
    return { kind: "never", why: say`The picture ${named} is no JPEG, PNG, GIF, WebP or AVIF, whatever it calls itself.` };
  const endsAt = performance.now() + FITTING_MS;
  const read = await reader();
  try {
    const open = () =>
      read(bytes, { limitInputPixels: MOST_PIXELS, sequentialRead: true }).timeout({
        seconds: Math.max(1, Math.ceil((endsAt - performance.now()) / 1_000)),
      });
    const { width, height, hasAlpha, orientation = 1, exif, xmp, iptc, comments } = await open().metadata();
    const bare = orientation === 1 && !exif && !xmp && !iptc && !comments?.length;
    const longest = Math.max(width, height);
    if (bare && types.includes(type) && bytes.length <= maxBytes && longest <= LONGEST_SIDE)
      return { kind: "picture", bytes, type, width, height };
    const upright = (side: number) =>
      open().autoOrient().resize({ width: side, height: side, fit: "inside", withoutEnlargement: true });
    let side = Math.min(longest, LONGEST_SIDE);
    if (type === "image/png" && types.includes(type)) {
      // A drawing stays as sharp as it was where it can; made smaller, it is smaller still as a photograph.
      const made = await png(upright(side), 100);
      if (made.bytes.length <= maxBytes) return made;
    }
    const encode = lossyFor(types, hasAlpha);
    for (let quality = 88; quality >= 48 && side >= Math.min(longest, SHORTEST_TRIED); quality -= 8) {
      if (signal?.aborted) return { kind: "later", why: say`The picture ${named} was given up while it was made to fit.` };
      const made = await encode(upright(side), quality);
      if (made.bytes.length <= maxBytes) return made;
      side = Math.floor(side * Math.min(0.9, Math.sqrt(maxBytes / made.bytes.length)));
    }
    return { kind: "never", why: say`The picture ${named} cannot be made to fit into ${maxBytes} bytes.` };
  } catch (error) {
    return { kind: "never", why: say`The picture ${named} could not be read as a picture: ${sentenceOf(error)}.` };
  }
}

type Encode = (picture: Sharp, quality: number) => Promise<Picture>;

const png: Encode = (picture) => encoded(picture.png(), "image/png");
const webp: Encode = (picture, quality) => encoded(picture.webp({ quality }), "image/webp");
/** What was transparent becomes white, as on a page; sharp's own choice is black. */
const jpeg: Encode = (picture, quality) =>
  encoded(picture.flatten({ background: "#fff" }).jpeg({ quality, mozjpeg: true }), "image/jpeg");

async function encoded(picture: Sharp, type: PictureType): Promise<Picture> {
  const { data: bytes, info } = await picture.toBuffer({ resolveWithObject: true });
  return { kind: "picture", bytes, type, width: info.width, height: info.height };
}

function lossyFor(types: readonly PictureType[], hasAlpha: boolean): Encode {
  const [takesJpeg, takesWebp] = [types.includes("image/jpeg"), types.includes("image/webp")];
  if (takesWebp && (hasAlpha || !takesJpeg)) return webp;
  return takesJpeg ? jpeg : png;
}

/** Loaded at the first picture: a process that sends none does without libvips. Only what `typeOf` knows may be decoded. */
async function reader(): Promise<typeof sharp> {
  const { default: sharp } = await import("sharp");
  sharp.cache(false);
  sharp.block({ operation: ["VipsForeignLoad"] });
  sharp.unblock({ operation: ["Jpeg", "Png", "Nsgif", "Webp", "Heif"].map((name) => `VipsForeignLoad${name}`) });
  return sharp;
}

function typeOf(bytes: Buffer): PictureType | null {
  const latin = bytes.subarray(0, 16).toString("latin1");
  if (latin.startsWith("\u00ff\u00d8\u00ff")) return "image/jpeg";
  if (latin.startsWith("\u0089PNG\r\n\u001a\n")) return "image/png";
  if (latin.startsWith("GIF87a") || latin.startsWith("GIF89a")) return "image/gif";
  if (latin.startsWith("RIFF") && latin.startsWith("WEBP", 8)) return "image/webp";
  return latin.startsWith("ftypavif", 4) || latin.startsWith("ftypavis", 4) ? "image/avif" : null;
}

/** A query may hold a signature that opens a private store of pictures. */
function withoutQuery(url: string): string {
  return url.split(/[?#]/, 1)[0] ?? url;
}
