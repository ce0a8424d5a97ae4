import type { Outbound } from "../../lib/outbound/outbound.ts";
import { fetchPicture, type PictureType } from "../../lib/picture.ts";
import { say } from "../../lib/say.ts";
import { graphemes } from "../../lib/text/count.ts";
import type { Limits } from "../../lib/text/limits.ts";
import { shorten } from "../../lib/text/shorten.ts";
import type { Clock } from "../../lib/time.ts";
import { beforehand, type Account, type Media, type Outcome } from "../network.ts";
import type { Ask } from "./ask.ts";
import { outcomeOf, outcomeOfError } from "./outcome.ts";

interface Deps {
  readonly outbound: Outbound;
  readonly ask: Ask;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly account: Account;
  readonly signal: AbortSignal;
}

const POLL_MS = 500;
const POLLS = 40;
const EXTENSIONS: Readonly<Record<PictureType, string>> = {
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/gif": "gif",
  "image/webp": "webp",
  "image/avif": "avif",
};
const TYPES = Object.keys(EXTENSIONS) as PictureType[];

/**
 * Takes pictures to the account's server, with their alternative texts, and waits until they may be posted. An upload
 * repeated by a later try leaves an orphan there, which Mastodon removes; it is never a post.
 *
 * @returns the ids to attach, in order; or what the delivery came to instead: never `posted`, never `unknown`, because
 *   the post itself was not asked for yet
 */
export async function uploadMedia(deps: Deps, media: readonly Media[]): Promise<string[] | Outcome> {
  const most = deps.limits.media?.max ?? 0;
  const ids: string[] = [];
  try {
    for (const one of media.slice(0, most)) {
      const id = await upload(deps, one);
      if (typeof id !== "string") return id;
      ids.push(id);
    }
  } catch (error) {
    return beforehand(outcomeOfError(error));
  }
  return ids;
}

async function upload(deps: Deps, media: Media): Promise<string | Outcome> {
  const { maxBytes = 0, altMax = 1_500 } = deps.limits.media ?? {};
  const picture = await fetchPicture(deps.outbound, media.url, { maxBytes, types: TYPES, signal: deps.signal });
  if (picture.kind !== "picture") return { kind: picture.kind === "never" ? "refused" : "busy", why: picture.why };
  const { bytes, type } = picture;
  const alt = shorten(media.alt, (candidate) => graphemes(candidate) <= altMax);
  const form = multipart({ description: alt }, { name: "file", filename: `picture.${EXTENSIONS[type]}`, type, bytes });
  const reply = await deps.ask(deps.account, "/api/v2/media", { method: "POST", ...form, signal: deps.signal });
  const taken = outcomeOf(reply);
  if (taken.kind !== "posted") return about(media, taken);
  return reply.status === 200 ? taken.id : untilProcessed(deps, taken.id, media);
}

/** 202: the server is still at it; 206 says the same, 200 that it may be posted. */
async function untilProcessed(deps: Deps, id: string, media: Media): Promise<string | Outcome> {
  for (let polls = 0; polls < POLLS; polls += 1) {
    const reply = await deps.ask(deps.account, `/api/v1/media/${encodeURIComponent(id)}`, { signal: deps.signal });
    if (reply.status === 200) return id;
    const outcome = outcomeOf(reply);
    if (outcome.kind !== "posted" && outcome.kind !== "unknown") return about(media, outcome);
    await deps.clock.sleep(POLL_MS, deps.signal);
    deps.signal.throwIfAborted();
  }
  return { kind: "busy", why: say`The server did not finish the picture ${media.url} in time.` };
}

function about(media: Media, outcome: Outcome): Outcome {
  const known = beforehand(outcome);
  return "why" in known ? { ...known, why: say`The picture ${media.url}: ${known.why}` } : known;
}

/** multipart/form-data as RFC 7578 writes it. */
function multipart(fields: Record<string, string>, file: { name: string; filename: string; type: string; bytes: Buffer }) {
  const boundary = `slugline-${crypto.randomUUID()}`;
  const parts = Object.entries(fields).map(([name, value]) =>
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`),
  );
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="${file.name}"; filename="${file.filename}"\r\nContent-Type: ${file.type}\r\n\r\n`;
  const body = Buffer.concat([...parts, Buffer.from(head), file.bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return { headers: { "content-type": `multipart/form-data; boundary=${boundary}` }, body };
}
