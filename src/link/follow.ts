import type { Db } from "../store/db.ts";
import { movedTarget, targetProblem } from "./link.ts";
import { openLinksOf, retarget } from "./store.ts";

/** Has a story's links lead to its address, each with the parameters it was made with. One that was ended stays so. */
export async function followStory(db: Db, articleId: string, url: string): Promise<void> {
  if (targetProblem(url, { shortHost: null, allowLoopback: true }) !== null) return;
  const links = await openLinksOf(db, articleId);
  const moved = links.map(({ id, target }) => ({ id, target: movedTarget(target, url), before: target }));
  for (const link of moved) if (link.target !== link.before) await retarget(db, link);
}
