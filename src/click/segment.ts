import { close, closeSync, fdatasync, futimes, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { codeOf, sentenceOf } from "../lib/fault.ts";
import { newId } from "../lib/id.ts";
import type { Log } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import { encodeRecord, RECORD_BYTES } from "./record.ts";
import type { VisitClass } from "./visit.ts";

/** An answer held back until its click is written: a `ServerResponse` whose head is set. */
interface Answer {
  end(): unknown;
}

export type Write = (fd: number, buffer: Buffer, offset: number, length: number, position: number) => number;

export interface ClickLogOptions {
  /** Where segments lie; made when missing. */
  readonly folder: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly segmentBytes?: number;
  /** How often what was written is put on the disk (ms): what a power cut can cost. A killed process costs nothing. */
  readonly syncEveryMs?: number;
  /** `writeSync`; tests fill the disk by it. */
  readonly write?: Write;
}

export interface ClickLog {
  /** Writes a visit down together with all others of this turn of the event loop, and only then ends their answers. */
  record(link: number, visit: VisitClass, answer: Answer): void;
  /** Visits written since the start, and those the disk did not take (their readers were led on all the same). */
  counts(): { written: number; lost: number };
  /** Writes what waits, puts it on the disk, and ends. */
  close(): Promise<void>;
}

const SEGMENT_BYTES = 16 * 1024 * 1024;
const SYNC_EVERY_MS = 500;
/** Records of one write at most; more in one turn are written at once. */
const BATCH = 2_048;
/** A segment shows by its times that its writer lives (`count.ts` takes one that is still for 30 s for finished). */
const BEAT_MS = 4_000;
/** A writer that was stopped for longer may find its segment taken away: it begins another. */
const BEAT_LIMIT_MS = 12_000;
/** After an error that is no full disk, a new segment is tried at most this often. */
const REOPEN_MS = 1_000;

export const segmentName = (writer: string, number: number) => `${writer}-${String(number).padStart(6, "0")}.clicks`;

/**
 * The click log of one process: group commit into segment files that only this process writes. A segment of an earlier
 * process is never touched. One `write` a turn costs less than the turn's answers save by leaving together.
 */
export function createClickLog(options: ClickLogOptions): ClickLog {
  const { folder, log, clock, segmentBytes = SEGMENT_BYTES, syncEveryMs = SYNC_EVERY_MS, write = writeSync } = options;
  const writer = newId();
  const batch = Buffer.alloc(BATCH * RECORD_BYTES);
  let answers: Answer[] = [];
  let filled = 0;
  let scheduled = false;
  let sequence = 0;
  let segment = 0;
  let fd: number | undefined;
  let position = 0;
  let beatAt = 0;
  let openAfter = Number.NEGATIVE_INFINITY;
  let dirty = false;
  let failing = false;
  let written = 0;
  let lost = 0;

  const openNext = () => {
    if (fd !== undefined) finish(fd, log);
    fd = undefined;
    mkdirSync(folder, { recursive: true });
    fd = openSync(join(folder, segmentName(writer, segment + 1)), "wx", 0o600);
    segment += 1;
    position = 0;
    beatAt = clock.monotonic();
  };

  const commit = () => {
    scheduled = false;
    const held = answers;
    const length = filled;
    answers = [];
    filled = 0;
    if (length > 0) save(length);
    for (const answer of held) answer.end();
  };

  const save = (length: number) => {
    let done = 0;
    if (fd === undefined && clock.monotonic() < openAfter) {
      lost += length / RECORD_BYTES;
      return;
    }
    try {
      if (fd === undefined || position + length > segmentBytes || clock.monotonic() - beatAt > BEAT_LIMIT_MS) openNext();
      while (done < length) done += write(fd as number, batch, done, length - done, position + done);
      if (failing) log.warn({ lost }, "Clicks are written down again.");
      failing = false;
    } catch (error) {
      if (!failing)
        log.error({ code: codeOf(error), lost }, `Clicks cannot be written down: ${sentenceOf(error)}. Links still lead on.`);
      failing = true;
      // A full disk may have room again; a file that cannot be written for another reason is left for a new one, in a while.
      if (codeOf(error) !== "ENOSPC" && codeOf(error) !== "EDQUOT") {
        if (fd !== undefined) finish(fd, log);
        fd = undefined;
        openAfter = clock.monotonic() + REOPEN_MS;
      }
    }
    // Whole records of a broken write stay, since the shipper may have seen them; the torn one is overwritten.
    const records = Math.floor(done / RECORD_BYTES);
    position += records * RECORD_BYTES;
    written += records;
    lost += length / RECORD_BYTES - records;
    dirty ||= records > 0;
  };

  const beat = setInterval(() => {
    if (fd === undefined) return;
    if (dirty) {
      dirty = false;
      fdatasync(
        fd,
        (error) => error && log.error({ code: codeOf(error) }, `Clicks could not be put on the disk: ${sentenceOf(error)}.`),
      );
    }
    // A writer stopped for too long does not claim its segment back: its next commit begins another.
    const since = clock.monotonic() - beatAt;
    if (since < BEAT_MS || since > BEAT_LIMIT_MS) return;
    beatAt = clock.monotonic();
    const now = new Date(clock.now());
    futimes(fd, now, now, () => undefined);
  }, syncEveryMs);
  beat.unref();

  return {
    record(link, visit, answer) {
      if (filled === batch.length) commit();
      encodeRecord(batch, filled, link, visit, clock.now(), sequence++);
      filled += RECORD_BYTES;
      answers.push(answer);
      if (scheduled) return;
      scheduled = true;
      setImmediate(commit);
    },
    counts: () => ({ written, lost }),
    async close() {
      clearInterval(beat);
      commit();
      if (fd === undefined) return;
      const last = fd;
      fd = undefined;
      await promisify(fdatasync)(last).finally(() => closeSync(last));
    },
  };
}

/** Puts a segment that gets no more records on the disk and lets it go, off the path of requests. */
function finish(fd: number, log: Log): void {
  fdatasync(fd, (error) => {
    if (error) log.error({ code: codeOf(error) }, `Clicks could not be put on the disk: ${sentenceOf(error)}.`);
    close(fd, () => undefined);
  });
}
