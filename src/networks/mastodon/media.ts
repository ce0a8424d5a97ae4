import { Fault } from "../../lib/fault.ts";
import type { Answer, Outbound, RequestOptions } from "../../lib/outbound/outbound.ts";
import { retryAt } from "../../lib/retry-after.ts";
import type { Limits } from "../../lib/text/limits.ts";
import { graphemes } from "../../lib/text/count.ts";
import { shorten } from "../../lib/text/shorten.ts";
import type { Media } from "../network.ts";

interface Deps {
  readonly outbound: Outbound;
  ask(path: string, options: RequestOptions): Promise<Answer>;
  readonly limits: Limits;
  readonly signal: AbortSignal;
}

const POLL_MS = 500;
const POLLS = 40;
const TYPES: Readonly<Record<string, string>> = { "image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp", "image/avif": "avif" };

/**
 * Takes pictures to the account's server, with their alternative texts, and waits until they may be posted. An upload
 * repeated by a later try leaves an orphan there, which Mastodon removes; it is never a post.
 *
 * @returns the ids to attach, in order
 * @throws Fault `MEDIA_REFUSED` where trying again would be refused again; others are worth another try
 */
export async function uploadMedia(deps: Deps, media: readonly Media[]): Promise<string[]> {
  const most = deps.limits.media?.max ?? 0;
  const ids: string[] = [];
  for (const one of media.slice(0, most)) ids.push(await upload(deps, one));
  return ids;
}

async function upload(deps: Deps, media: Media): Promise<string> {
  const { maxBytes = 0, altMax = 1_500 } = deps.limits.media ?? {};
  const picture = await deps.outbound.request(media.url, { redirects: 3, maxBytes, timeoutMs: 15_000, signal: deps.signal, headers: { accept: "image/*" } });
  const type = picture.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (picture.status !== 200) throw new Fault("MEDIA_UNREACHABLE", `The picture ${media.url} answered ${picture.status}.`);
  if (!(type in TYPES)) throw new Fault("MEDIA_REFUSED", `The picture ${media.url} is ${type || "of no type"}; Mastodon takes ${Object.keys(TYPES).join(", ")}.`);
  const alt = shorten(media.alt, (candidate) => graphemes(candidate) <= altMax);
  const form = multipart({ description: alt }, { name: "file", filename: `picture.${TYPES[type]}`, type, bytes: picture.body });
  const answer = await deps.ask("/api/v2/media", { method: "POST", ...form, signal: deps.signal });
  const id = idIn(answer);
  if (answer.status === 422 || answer.status === 413) throw new Fault("MEDIA_REFUSED", `The server refused the picture ${media.url} (${answer.status}).`);
  if (id === null || (answer.status !== 200 && answer.status !== 202)) {
    throw new Fault("MEDIA_FAILED", `The picture ${media.url} could not be taken to the server (${answer.status}).`, { retryAt: retryAt(answer.headers, Date.now()) });
  }
  if (answer.status === 202) await untilProcessed(deps, id, media);
  return id;
}

/** 202: the server is still at it; 206 says the same, 200 that it may be posted. */
async function untilProcessed(deps: Deps, id: string, media: Media): Promise<void> {
  for (let polls = 0; polls < POLLS; polls += 1) {
    const { status } = await deps.ask(`/api/v1/media/${encodeURIComponent(id)}`, { signal: deps.signal });
    if (status === 200) return;
    if (status === 422) throw new Fault("MEDIA_REFUSED", `The server could not read the picture ${media.url}.`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    deps.signal.throwIfAborted();
  }
  throw new Fault("MEDIA_FAILED", `The server did not finish the picture ${media.url} in time.`);
}

function idIn(answer: Answer): string | null {
  try {
    const body = JSON.parse(answer.body.toString("utf8")) as { id?: unknown };
    return typeof body.id === "string" ? body.id : null;
  } catch {
    return null;
  }
}

/** multipart/form-data as RFC 7578 writes it. */
function multipart(fields: Record<string, string>, file: { name: string; filename: string; type: string; bytes: Buffer }) {
  const boundary = `slugline-${crypto.randomUUID()}`;
  const parts = Object.entries(fields).map(([name, value]) => Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`));
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="${file.name}"; filename="${file.filename}"\r\nContent-Type: ${file.type}\r\n\r\n`;
  const body = Buffer.concat([...parts, Buffer.from(head), file.bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return { headers: { "content-type": `multipart/form-data; boundary=${boundary}` }, body };
}
