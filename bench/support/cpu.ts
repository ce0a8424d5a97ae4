import { readdir, readFile } from "node:fs/promises";

/** A clock tick of /proc, in milliseconds (USER_HZ is 100 on every Linux). */
const TICK_MS = 10;

interface Spent {
  readonly parent: number;
  /** Its own time and that of its children who have ended, in milliseconds. */
  readonly ms: number;
}

/** CPU time of a process and all below it, in milliseconds; not a number where there is no /proc. */
export async function cpuOf(root: number): Promise<number> {
  const all = new Map<number, Spent>();
  for (const name of await readdir("/proc").catch(() => [])) {
    const spent = /^\d+$/.test(name) ? await spentBy(Number(name)) : undefined;
    if (spent) all.set(Number(name), spent);
  }
  const isBelow = (pid: number): boolean => pid === root || (all.has(pid) && isBelow(all.get(pid)!.parent));
  const below = [...all].filter(([pid]) => isBelow(pid));
  return below.length === 0 ? Number.NaN : below.reduce((sum, [, { ms }]) => sum + ms, 0);
}

/** The process above this one: a Postgres connection's server. */
export async function parentOf(pid: number): Promise<number> {
  return (await spentBy(pid))?.parent ?? Number.NaN;
}

async function spentBy(pid: number): Promise<Spent | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // proc(5): what follows the name, which may itself hold spaces, begins with the third field.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields.length < 15) return undefined;
  return { parent: Number(fields[1]), ms: fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * TICK_MS };
}
