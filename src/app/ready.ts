import { sentenceOf } from "../lib/fault.ts";
import type { Queue } from "../queue/queue.ts";
import type { Redirect } from "../redirect/server.ts";
import type { Store } from "../store/db.ts";
import { migrationState } from "../store/migrate.ts";

/** What keeps this process from being ready, as sentences; empty when nothing does. */
export async function notReady(store: Store, queue: Queue | undefined, redirect: Redirect | undefined): Promise<string[]> {
  const why: string[] = [];
  try {
    const { pending } = await migrationState(store);
    if (pending.length > 0) why.push(`Migrations are missing: ${pending.join(", ")}.`);
  } catch (error) {
    why.push(`The store does not answer: ${sentenceOf(error)}`);
  }
  const trouble = await queue?.trouble();
  if (trouble) why.push(trouble);
  if (redirect && !redirect.complete()) why.push("The redirect has not read its links yet.");
  return why;
}

/** What the redirect counts, for metrics. */
export function numbersOf(redirect: Redirect | undefined): Record<string, number> {
  if (!redirect) return {};
  const { links, written, lost } = redirect.counts();
  return { redirect_links: links, redirect_visits_written: written, redirect_visits_lost: lost };
}
