import { decodeRecord, RECORD_BYTES } from "./record.ts";
import type { HourCount } from "./store.ts";
import type { VisitClass } from "./visit.ts";

const HOUR_MS = 3_600_000;

export interface Tally {
  readonly counts: HourCount[];
  /** How many bytes of the piece were understood; the next piece begins there. */
  readonly bytes: number;
  /** Records that could not be read and were passed over (only of a finished segment). */
  readonly unreadable: number;
}

/**
 * Counts a piece of a segment by link, hour and class. While the segment grows, counting stops at the first record that
 * is not whole: its writer may be in the middle of it. Once it is finished, such a record is passed over: it was torn by a
 * power cut, and those behind it are clicks that were acknowledged.
 */
export function tally(piece: Buffer, finished: boolean): Tally {
  const counts = new Map<string, { link: number; hour: number; visit: VisitClass; count: number }>();
  let unreadable = 0;
  let at = 0;
  for (; at + RECORD_BYTES <= piece.length; at += RECORD_BYTES) {
    const record = decodeRecord(piece, at);
    if (record === undefined) {
      if (!finished) break;
      unreadable += 1;
      continue;
    }
    const hour = Math.floor(record.at / HOUR_MS) * HOUR_MS;
    const key = `${record.link} ${hour} ${record.visit}`;
    const counted = counts.get(key);
    if (counted) counted.count += 1;
    else counts.set(key, { link: record.link, hour, visit: record.visit, count: 1 });
  }
  return { counts: [...counts.values()], bytes: at, unreadable };
}
