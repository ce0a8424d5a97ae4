import { VISIT_CLASSES, type VisitClass } from "./visit.ts";

/**
 * One visit as 32 bytes, little-endian: which link, what kind of visit, when. Nothing of the visitor.
 *
 *   0 magic | 1 version | 2 class | 3 zero | 4 link u32 | 8 time f64 | 16 sequence u32 | 20 zero x 8 | 28 crc32 of 0..27
 */
export const RECORD_BYTES = 32;
const MAGIC = 0xc1;
const VERSION = 1;
const CRC_AT = 28;

export interface ClickRecord {
  /** `link.number`. */
  readonly link: number;
  readonly visit: VisitClass;
  /** Milliseconds since the epoch, by the redirect's clock. */
  readonly at: number;
  /** Counts up within a process; wraps. */
  readonly sequence: number;
}

/** Writes a record into `into` at `offset`, which must be followed by 32 bytes. Every byte is set. */
export function encodeRecord(into: Buffer, offset: number, link: number, visit: VisitClass, at: number, sequence: number): void {
  into[offset] = MAGIC;
  into[offset + 1] = VERSION;
  into[offset + 2] = VISIT_CLASSES.indexOf(visit);
  into[offset + 3] = 0;
  into.writeUInt32LE(link, offset + 4);
  into.writeDoubleLE(at, offset + 8);
  into.writeUInt32LE(sequence >>> 0, offset + 16);
  into.writeUInt32LE(0, offset + 20);
  into.writeUInt32LE(0, offset + 24);
  into.writeUInt32LE(crc32(into, offset, offset + CRC_AT), offset + CRC_AT);
}

/** The record at `offset`, or undefined when there is none that can be trusted: torn, overwritten, of another version. */
export function decodeRecord(from: Buffer, offset: number): ClickRecord | undefined {
  if (offset + RECORD_BYTES > from.length || from[offset] !== MAGIC || from[offset + 1] !== VERSION) return undefined;
  const visit = VISIT_CLASSES[from[offset + 2] as number];
  if (visit === undefined || from.readUInt32LE(offset + CRC_AT) !== crc32(from, offset, offset + CRC_AT)) return undefined;
  return {
    link: from.readUInt32LE(offset + 4),
    visit,
    at: from.readDoubleLE(offset + 8),
    sequence: from.readUInt32LE(offset + 16),
  };
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 as in zlib; over 28 bytes this is faster than the way into native code and back. */
function crc32(bytes: Buffer, start: number, end: number): number {
  let crc = 0xffffffff;
  for (let at = start; at < end; at += 1) crc = (CRC_TABLE[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
