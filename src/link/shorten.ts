import { customAlphabet } from "nanoid";
import { Fault } from "../lib/fault.ts";
import { newId } from "../lib/id.ts";
import type { Db } from "../store/db.ts";
import { tell } from "../store/history.ts";
import { ALPHABET, CODE_LENGTH, targetProblem } from "./link.ts";
import { insertLink, linkOf, moveLinks, type Shortened } from "./store.ts";

const randomCode = customAlphabet(ALPHABET, CODE_LENGTH);
const TRIES = 8;

/**
 * The link of an article at one placement (`post:<id>`, `story`, `print`): made and `reserved` the first time, the same
 * one ever after. Whoever asks has checked the target by `targetProblem` with the site's own rules.
 *
 * @param target absolute address with everything baked in (utm parameters)
 * @param makeCode a random code; tests make it collide
 * @throws Fault `TARGET_REFUSED` for what no rules allow; `NO_FREE_CODE` when every try collided
 */
export async function shorten(
  db: Db,
  it: { target: string; articleId: string | null; placement: string; storyUrl?: string },
  makeCode: () => string = randomCode,
): Promise<Shortened> {
  const problem = targetProblem(it.target, { shortHost: null, allowLoopback: true });
  if (problem !== null) throw new Fault("TARGET_REFUSED", problem, { target: it.target });
  // As a header can carry it: letters beyond ASCII percent-encoded, the host in punycode.
  const target = new URL(it.target).href;
  for (let left = TRIES; left > 0; left -= 1) {
    const there = it.articleId === null ? undefined : await linkOf(db, it.articleId, it.placement);
    if (there) return there;
    const made = await insertLink(db, { ...it, id: newId(), code: makeCode(), target });
    if (made) return made;
  }
  throw new Fault("NO_FREE_CODE", `No free short code was found in ${TRIES} tries.`, { placement: it.placement });
}

/**
 * Lets reserved links lead somewhere. Answers how many did not before: one that is not reserved any more is live already,
 * retired, or no link at all. `MOST_GIVEN` at a time.
 */
export async function makeLive(db: Db, ...linkIds: readonly string[]): Promise<number> {
  return (await moveLinks(db, { linkIds, from: ["reserved"], to: "live", by: null })).length;
}

/**
 * Ends a link for good: it answers 410 from now on, and its code is never given again. False when it had ended before.
 *
 * @param by who did it: a person's id, or the name of a rule
 */
export async function retire(db: Db, linkId: string, by: string, why: string): Promise<boolean> {
  const [moved] = await moveLinks(db, { linkIds: [linkId], from: ["reserved", "live"], to: "retired", by });
  if (moved)
    await tell(db, { kind: "link-retired", article: moved.articleId, data: { link: linkId, code: moved.code, by, why } });
  return moved !== undefined;
}
