import { createHash } from "node:crypto";
import type { Reply } from "./wire.ts";

/** An XRPC error as a PDS answers it. */
export type Problem = Reply & { readonly body: { readonly error: string; readonly message: string } };

export function problem(status: number, error: string, message: string, headers: Record<string, string> = {}): Problem {
  return { status, body: { error, message }, headers };
}

export interface Post {
  readonly uri: string;
  readonly cid: string;
  readonly value: Record<string, unknown>;
}

export interface Blob {
  readonly cid: string;
  readonly type: string;
  readonly bytes: Buffer;
}

interface Write {
  readonly repo?: unknown;
  readonly collection?: unknown;
  readonly rkey?: unknown;
  readonly record?: unknown;
  readonly swapRecord?: unknown;
}

const COLLECTION = "app.bsky.feed.post";
const TID = /^[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}$/;
const AT_URI = /^at:\/\/(?:did:[a-z]+:[\w.:%-]+|[a-z0-9.-]+)\/[a-zA-Z0-9.-]+\/[\w.~:-]+$/;
const CID = /^b[a-z2-7]{58}$/;
const SEGMENTER = new Intl.Segmenter("en", { granularity: "grapheme" });

/** One account's records and blobs, with what a PDS checks of them before it writes. */
export function createRepo(did: string, handle: string) {
  const records = new Map<string, Post>();
  const blobs = new Map<string, Blob>();
  let commits = 0;

  const invalid = (why: string) => problem(400, "InvalidRequest", why);
  const uriOf = (rkey: string) => `at://${did}/${COLLECTION}/${rkey}`;

  function checkKey({ repo, collection, rkey }: Write): Problem | undefined {
    if (repo !== did && repo !== handle) return problem(401, "AuthenticationRequired", "Authentication Required");
    if (collection !== COLLECTION) return invalid(`Unknown collection: ${String(collection)}`);
    if (typeof rkey !== "string" || !TID.test(rkey))
      return invalid(`Invalid record key for ${COLLECTION}: Invalid TID string (got "${String(rkey)}") at $`);
    return undefined;
  }

  function put(write: Write): object | Problem {
    const wrong = checkKey(write) ?? checkPost(write.record, blobs);
    if (wrong) return wrong;
    const value = write.record as Post["value"];
    const post: Post = { uri: uriOf(write.rkey as string), cid: cidOf(0x71, Buffer.from(canonical(value))), value };
    const there = records.get(post.uri);
    const told = { uri: post.uri, cid: post.cid, validationStatus: "valid" };
    if (there?.cid === post.cid) return told;
    if (write.swapRecord !== undefined && (there?.cid ?? null) !== write.swapRecord)
      return problem(400, "InvalidSwap", `Record was at ${there?.cid ?? "null"}`);
    records.set(post.uri, post);
    commits += 1;
    return {
      ...told,
      commit: {
        cid: post.cid,
        rev: `3k${String(commits)
          .replaceAll(/\d/g, (digit) => "abcdefghij"[Number(digit)]!)
          .padStart(11, "a")}`,
      },
    };
  }

  return {
    records,
    blobs,
    commits: () => commits,
    put,
    create: (write: Write): object | Problem =>
      typeof write.rkey === "string" && records.has(uriOf(write.rkey))
        ? problem(500, "InternalServerError", "Internal Server Error")
        : put(write),
    get(repo: string | null, rkey: string | null): object | Problem {
      const found = repo === did || repo === handle ? records.get(uriOf(rkey ?? "")) : undefined;
      return found ?? problem(400, "RecordNotFound", `Could not locate record: ${uriOf(rkey ?? "")}`);
    },
    /** Newest first; the cursor is the last one's key. */
    list(repo: string | null, limit: number, cursor: string | null): object | Problem {
      if (repo !== did && repo !== handle) return invalid(`Could not find repo: ${repo}`);
      const keyOf = ({ uri }: Post) => uri.split("/").at(-1)!;
      const all = [...records.values()].toSorted((a, b) => (keyOf(a) < keyOf(b) ? 1 : -1));
      const page = all.filter((one) => cursor === null || keyOf(one) < cursor).slice(0, limit);
      return { records: page, ...(page.length === limit ? { cursor: keyOf(page.at(-1)!) } : {}) };
    },
    remove(write: Write): object | Problem {
      const wrong = checkKey(write);
      if (wrong) return wrong;
      records.delete(uriOf(write.rkey as string));
      return {};
    },
    upload(bytes: Buffer, type: string): object | Problem {
      if (bytes.length > 5_242_880) return problem(413, "PayloadTooLarge", "request entity too large");
      const cid = cidOf(0x55, bytes);
      blobs.set(cid, { cid, type, bytes });
      return { blob: { $type: "blob", ref: { $link: cid }, mimeType: type, size: bytes.length } };
    },
  };
}

function checkPost(record: unknown, blobs: ReadonlyMap<string, Blob>): Problem | undefined {
  const post = record as Record<string, unknown> | null;
  const wrong = (why: string) => problem(400, "InvalidRequest", `Invalid ${COLLECTION} record: ${why}`);
  if (post?.["$type"] !== COLLECTION) return wrong("Record/$type must be app.bsky.feed.post");
  const { text, createdAt, facets = [], langs = [], embed, labels, reply } = post;
  if (typeof text !== "string") return wrong('Missing required key "text" at $.record');
  const bytes = Buffer.from(text);
  if (bytes.length > 3_000) return wrong(`string too big (maximum 3000, got ${bytes.length}) at $.record.text`);
  const length = [...SEGMENTER.segment(text)].length;
  if (length > 300) return wrong(`grapheme too big (maximum 300, got ${length}) at $.record.text`);
  if (typeof createdAt !== "string" || Number.isNaN(Date.parse(createdAt)))
    return wrong("Invalid datetime at $.record.createdAt");
  if ((langs as unknown[]).length > 3) return wrong("array too big (maximum 3) at $.record.langs");
  for (const [at, { index, features }] of (facets as Facet[]).entries()) {
    const [{ uri, tag } = {}] = features;
    const where = `$.record.facets[${at}].features[0]`;
    if (uri !== undefined && !/^\w+:(?:\/\/)?[^\s/][^\s]*$/.test(uri)) return wrong(`Invalid uri (got "${uri}") at ${where}.uri`);
    const tagBytes = Buffer.byteLength(tag ?? "");
    if (tagBytes > 640) return wrong(`string too big (maximum 640, got ${tagBytes}) at ${where}.tag`);
    // The PDS takes any bounds; who shows the post would cut it in the middle of a character.
    const cut = [index.byteStart, index.byteEnd].some((byte) => byte < 0 || byte > bytes.length || (bytes[byte] ?? 0) >> 6 === 2);
    if (cut || index.byteEnd <= index.byteStart) return wrong(`facet out of bounds at $.record.facets[${at}].index`);
  }
  // A PDS checks the form of what is answered; that it is there, and is what the cid says, no server asks.
  for (const end of reply === undefined ? [] : (["root", "parent"] as const)) {
    const { uri, cid } = (reply as Partial<Record<typeof end, { uri?: string; cid?: string }>>)[end] ?? {};
    if (uri === undefined || cid === undefined) return wrong(`Missing required key "uri" at $.record.reply.${end}`);
    if (!AT_URI.test(uri)) return wrong(`Invalid at-uri (got "${uri}") at $.record.reply.${end}.uri`);
    if (!CID.test(cid)) return wrong(`Invalid cid (got "${cid}") at $.record.reply.${end}.cid`);
  }
  const label = (labels as { values?: { val?: unknown }[] } | undefined)?.values?.[0]?.val;
  if (labels !== undefined && typeof label !== "string") return wrong('Missing required key "val" at $.record.labels');
  return checkEmbed(embed as Embedded | undefined, blobs, wrong);
}

interface Facet {
  readonly index: { readonly byteStart: number; readonly byteEnd: number };
  readonly features: readonly { readonly uri?: string; readonly tag?: string }[];
}

interface BlobRef {
  readonly ref?: { readonly $link?: string };
  readonly mimeType?: string;
  readonly size?: number;
}

interface Embedded {
  readonly $type?: string;
  readonly images?: readonly { readonly image?: BlobRef; readonly alt?: unknown }[];
  readonly external?: {
    readonly uri?: unknown;
    readonly title?: unknown;
    readonly description?: unknown;
    readonly thumb?: BlobRef;
  };
}

function checkEmbed(
  embed: Embedded | undefined,
  blobs: ReadonlyMap<string, Blob>,
  wrong: (why: string) => Problem,
): Problem | undefined {
  if (embed === undefined) return undefined;
  const { images = [], external } = embed;
  if (embed.$type === "app.bsky.embed.images") {
    if (images.length === 0 || images.length > 4) return wrong("array too big (maximum 4) at $.record.embed.images");
    if (images.some(({ alt }) => typeof alt !== "string")) return wrong('Missing required key "alt" at $.record.embed.images');
  } else if (embed.$type === "app.bsky.embed.external") {
    const missing = (["uri", "title", "description"] as const).find((name) => typeof external?.[name] !== "string");
    if (missing) return wrong(`Missing required key "${missing}" at $.record.embed.external`);
  } else return wrong("unknown embed");
  for (const blob of [external?.thumb, ...images.map(({ image }) => image)]) {
    if (!blob) continue;
    const cid = blob.ref?.$link ?? "";
    if ((blob.size ?? 0) > 1_000_000) return wrong(`blob too big (maximum 1000000, got ${blob.size})`);
    if (!blobs.has(cid)) return problem(400, "BlobNotFound", `Could not find blob: ${cid}`);
  }
  return undefined;
}

/** The same bytes whatever the order of the keys, as DAG-CBOR has it. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** CIDv1 with SHA-256, in base 32. */
function cidOf(codec: number, bytes: Buffer): string {
  const letters = "abcdefghijklmnopqrstuvwxyz234567";
  const whole = Buffer.concat([Buffer.from([1, codec, 0x12, 0x20]), createHash("sha256").update(bytes).digest()]);
  const bits = [...whole].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return `b${(bits.match(/.{1,5}/g) ?? []).map((five) => letters[Number.parseInt(five.padEnd(5, "0"), 2)]).join("")}`;
}
