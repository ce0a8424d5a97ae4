import { open, readdir, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "../lib/fault.ts";
import type { Db } from "../store/db.ts";
import { decodeRecord, RECORD_BYTES } from "./record.ts";
import { addCounts, moveShipped, shippedOf } from "./store.ts";
import { tally } from "./tally.ts";

/** Records of one line of a backup. */
const PIECE_BYTES = 1_500 * RECORD_BYTES;

/** The segments that are open in a folder of click records; what is open stays readable, also when it is counted and removed. */
export interface HeldSegments extends AsyncDisposable {
  /** Opens what has appeared since. */
  look(): Promise<void>;
  /**
   * What of them is not counted in this snapshot, a line for each piece: `segment offset base64`. Look before the snapshot is
   * taken, so that nothing counted after it can be gone, and again after, for what was begun meanwhile.
   */
  uncounted(snapshot: Db): AsyncGenerator<string>;
}

/** @param folder where click records lie; one that is not there has none */
export function holdSegments(folder: string): HeldSegments {
  const held = new Map<string, FileHandle>();
  return {
    async look() {
      for (const name of await readdir(folder).catch(none)) {
        if (!name.endsWith(".clicks") || held.has(name)) continue;
        const file = await open(join(folder, name), "r").catch(none);
        if ("read" in file) held.set(name, file);
      }
    },
    async *uncounted(snapshot) {
      const places = await shippedOf(snapshot, [...held.keys()]);
      for (const [name, file] of held) {
        const place = places.get(name);
        if (place?.done) continue;
        const piece = Buffer.alloc(PIECE_BYTES);
        for (let at = place?.bytes ?? 0; ;) {
          const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, at);
          const whole = bytesRead - (bytesRead % RECORD_BYTES);
          if (whole === 0) break;
          yield `${name} ${at} ${piece.subarray(0, whole).toString("base64")}`;
          at += whole;
        }
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...held.values()].map((file) => file.close()));
    },
  };
}

/**
 * Counts records that a backup kept, and moves their segment's place past them: where the segment itself is at hand, its
 * shipper goes on behind them, and nothing is counted twice.
 */
export async function countKept(db: Db, lines: AsyncIterable<string>): Promise<number> {
  let counted = 0;
  for await (const line of lines) {
    const [segment = "", offset = "", records = ""] = line.split(" ");
    // One in the middle that cannot be read was torn by a power cut; at the end, its writer was in the middle of it.
    const { counts, bytes, unreadable } = tally(withoutTorn(Buffer.from(records, "base64")), true);
    if (bytes === 0) continue;
    const at = Number(offset);
    const known = (await shippedOf(db, [segment])).get(segment);
    if (!(await moveShipped(db, { segment, from: known ? at : null, to: at + bytes, done: false }))) continue;
    await addCounts(db, counts);
    counted += bytes / RECORD_BYTES - unreadable;
  }
  return counted;
}

function withoutTorn(piece: Buffer): Buffer {
  let end = piece.length - (piece.length % RECORD_BYTES);
  while (end > 0 && decodeRecord(piece, end - RECORD_BYTES) === undefined) end -= RECORD_BYTES;
  return piece.subarray(0, end);
}

/** Nothing there is an answer; anything else is a fault. */
function none(error: unknown): never[] {
  if (codeOf(error) !== "ENOENT") throw error;
  return [];
}
