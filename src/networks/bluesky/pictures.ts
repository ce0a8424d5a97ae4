import type { BlobRef } from "@atproto/api";
import type { Outbound } from "../../lib/outbound/outbound.ts";
import { fetchPicture, type Picture } from "../../lib/picture.ts";
import { say } from "../../lib/say.ts";
import { graphemes } from "../../lib/text/count.ts";
import type { Limits } from "../../lib/text/limits.ts";
import { shorten } from "../../lib/text/shorten.ts";
import { beforehand, type Card, type Media, type Ready } from "../network.ts";
import type { Call, Reply } from "./ask.ts";
import { failed, failedBy, type Failed } from "./outcome.ts";
import type { Embed } from "./record.ts";

interface Deps {
  readonly outbound: Outbound;
  readonly limits: NonNullable<Limits["media"]>;
  /** Makes a call as the account. */
  readonly ask: <Data>(call: Call<Data>, signal: AbortSignal) => Promise<Reply<Data> | Failed>;
  readonly signal: AbortSignal;
}

/** How long a post waits for the picture of its card: a missing thumbnail must not stop news. */
const THUMB_MS = 10_000;
/** As the lexicon of the card has it. */
const THUMB_BYTES = 1_000_000;

/**
 * What stands under the text: the post's own pictures, else the card of its link, which on Bluesky the client makes.
 * Pictures are uploaded before the post, and swept away by the server when no post follows.
 *
 * @returns null for neither; or what the delivery came to instead, surely not sent
 */
export async function embedOf(deps: Deps, { media, card }: Ready): Promise<Embed | Failed | null> {
  if (media.length > 0) return imagesOf(deps, media);
  return card ? externalOf(deps, card) : null;
}

async function imagesOf(deps: Deps, media: readonly Media[]): Promise<Embed | Failed> {
  const images = [];
  for (const one of media.slice(0, deps.limits.max)) {
    const picture = await fetchPicture(deps.outbound, one.url, { maxBytes: deps.limits.maxBytes, signal: deps.signal });
    if (picture.kind !== "picture") return { kind: picture.kind === "never" ? "refused" : "busy", why: picture.why };
    const image = await upload(deps, picture);
    if ("kind" in image) return { ...image, why: say`The picture ${one.url}: ${image.why}` };
    const alt = shorten(one.alt, (candidate) => graphemes(candidate) <= deps.limits.altMax);
    images.push({ image, alt, aspectRatio: { width: picture.width, height: picture.height } });
  }
  return { $type: "app.bsky.embed.images", images };
}

async function externalOf(deps: Deps, { url: uri, title, description, image }: Card): Promise<Embed | Failed> {
  const thumb = image ? await thumbOf(deps, image) : null;
  if (thumb && "kind" in thumb) return thumb;
  return { $type: "app.bsky.embed.external", external: { uri, title, description, ...(thumb ? { thumb } : {}) } };
}

/** Null when it cannot be had in time; a failure only where it would stop the post as well. */
async function thumbOf(deps: Deps, image: Media): Promise<BlobRef | Failed | null> {
  const signal = AbortSignal.any([deps.signal, AbortSignal.timeout(THUMB_MS)]);
  const picture = await fetchPicture(deps.outbound, image.url, { maxBytes: THUMB_BYTES, signal });
  if (picture.kind !== "picture") return null;
  const thumb = await upload({ ...deps, signal }, picture);
  const tells = !("kind" in thumb) || thumb.kind === "locked-out" || (thumb.kind === "busy" && thumb.retryAt !== undefined);
  return tells ? thumb : null;
}

async function upload({ ask, signal }: Deps, { bytes, type }: Picture): Promise<BlobRef | Failed> {
  try {
    const reply = await ask((agent) => agent.com.atproto.repo.uploadBlob(bytes, { encoding: type }), signal);
    if ("kind" in reply) return reply;
    return reply.data?.blob ?? beforehand(failed(reply));
  } catch (error) {
    return beforehand(failedBy(error));
  }
}
