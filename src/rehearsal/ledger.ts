import { readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import type { Clock } from "../lib/time.ts";
import { edition, nextUp, type Edition, type Story } from "./story.ts";

/** How long ago, in minutes, the stories appeared that a new site opens with. */
const OPENING = [312, 257, 190, 141, 88, 52, 23, 7];

const savedState = z.object({
  port: z.int().min(1).max(65_535),
  published: z.array(z.object({ story: z.string(), number: z.int().positive(), at: z.int() })),
});

/** What the site has published, in the order of publication, and the port it was last found at. */
export interface Ledger {
  readonly published: Edition[];
  port: number | undefined;
}

/** The published list of an earlier run, so that a restart keeps every page and guid; else what a new site opens with. */
export async function openLedger(stateFile: string | undefined, stock: readonly Story[], clock: Clock): Promise<Ledger> {
  const saved = stateFile === undefined ? undefined : await readState(stateFile);
  if (saved === undefined) {
    const ledger: Ledger = { published: [], port: undefined };
    for (const minutes of OPENING.slice(0, stock.length)) publishNext(ledger, stock, clock.now() - minutes * 60_000);
    return ledger;
  }
  const known = new Map(stock.map((story) => [story.id, story]));
  const published = saved.published.flatMap(({ story: id, number, at }) => {
    const story = known.get(id);
    return story === undefined ? [] : [edition(story, number, at)];
  });
  return { published, port: saved.port };
}

/** Publishes what is next up, at this moment (ms since the epoch). */
export function publishNext(ledger: Ledger, stock: readonly Story[], at: number): Edition | undefined {
  const next = nextUp(stock, ledger.published);
  if (next === undefined) return undefined;
  const published = edition(next.story, next.number, at);
  ledger.published.push(published);
  return published;
}

/** Written beside and renamed, so that a kill leaves the old list or the new one. */
export async function saveLedger(stateFile: string, ledger: Ledger): Promise<void> {
  const published = ledger.published.map(({ story, number, at }) => ({ story: story.id, number, at }));
  await writeFile(`${stateFile}.new`, JSON.stringify({ port: ledger.port, published }));
  await rename(`${stateFile}.new`, stateFile);
}

/** An unreadable list is no reason not to rehearse: the site then opens anew. */
async function readState(stateFile: string): Promise<z.infer<typeof savedState> | undefined> {
  const text = await readFile(stateFile, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return savedState.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
