import { at, text } from "../../lib/json.ts";
import type { Outbound } from "../../lib/outbound/outbound.ts";
import { fetchPicture, type PictureType } from "../../lib/picture.ts";
import { say } from "../../lib/say.ts";
import { graphemes } from "../../lib/text/count.ts";
import { shorten } from "../../lib/text/shorten.ts";
import type { Clock } from "../../lib/time.ts";
import { beforehand, type Account, type Media, type Outcome } from "../network.ts";
import type { Ask, Reply } from "./ask.ts";
import { outcomeOf, outcomeOfError } from "./outcome.ts";

interface Deps {
  readonly outbound: Outbound;
  readonly ask: Ask;
  readonly clock: Clock;
  readonly most: { readonly max: number; readonly altMax: number; readonly maxBytes: number };
  readonly account: Account;
  readonly signal: AbortSignal;
}

const POLL_MS = 1_000;
const POLLS = 20;
/** A GIF is another kind of media there, of which a post has one at most: its first picture is sent instead. */
const TYPES: readonly PictureType[] = ["image/jpeg", "image/png", "image/webp"];

/**
 * Takes pictures to X, with their alternative texts. An upload repeated by a later try leaves an orphan there, which ends
 * after a day; it is never a post.
 *
 * @returns the ids to attach, in order; or what the delivery came to instead: never `posted`, never `unknown`, because
 *   the post itself was not asked for yet
 */
export async function uploadMedia(deps: Deps, media: readonly Media[]): Promise<string[] | Outcome> {
  const ids: string[] = [];
  try {
    for (const one of media.slice(0, deps.most.max)) {
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
  const { ask, account, signal, most } = deps;
  const picture = await fetchPicture(deps.outbound, media.url, { maxBytes: most.maxBytes, types: TYPES, signal });
  if (picture.kind !== "picture") return { kind: picture.kind === "later" ? "busy" : "refused", why: picture.why };
  const body = { media: picture.bytes, media_category: "tweet_image" };
  const reply = await ask(account, { method: "POST", path: "media/upload", body, multipart: true, signal });
  const taken = outcomeOf(account, reply);
  if (taken.kind !== "posted") return about(taken);
  const unready = await untilProcessed(deps, taken.id, reply);
  if (unready !== null) return about(unready);
  if (media.alt === "") return taken.id;
  const words = { alt_text: { text: shorten(media.alt, (candidate) => fits(candidate, most.altMax)) } };
  const described = await ask(account, {
    method: "POST",
    path: "media/metadata",
    body: { id: taken.id, metadata: words },
    signal,
  });
  if (described.status >= 200 && described.status < 300) return taken.id;
  return about(outcomeOf(account, described));
}

/** Pictures are ready at once, as far as is known; where X says that it is still at it, it is asked until it is done. */
async function untilProcessed({ ask, clock, account, signal }: Deps, id: string, first: Reply): Promise<Outcome | null> {
  let reply = first;
  for (let polls = 0; polls < POLLS; polls += 1) {
    const outcome = outcomeOf(account, reply);
    const state = text(at(at(reply.json, "data"), "processing_info"), "state");
    if (outcome.kind === "posted" && (state === null || state === "succeeded")) return null;
    if (state === "failed") return { kind: "refused", why: "X could not read it." };
    if (outcome.kind !== "posted" && outcome.kind !== "unknown") return outcome;
    await clock.sleep(POLL_MS, signal);
    signal.throwIfAborted();
    reply = await ask(account, { method: "GET", path: "media/upload", query: { command: "STATUS", media_id: id }, signal });
  }
  return { kind: "busy", why: "X did not finish it in time." };
}

/** X counts 1,000 characters, of which kind it does not say: by the stricter count it is never too long. */
function fits(alt: string, most: number): boolean {
  return graphemes(alt) <= most && alt.length <= most;
}

function about(outcome: Outcome): Outcome {
  const known = beforehand(outcome);
  return "why" in known && known.kind !== "locked-out" ? { ...known, why: say`A picture of the post: ${known.why}` } : known;
}
