import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, inflateRaw } from "node:zlib";
import { codeOf } from "../fault.ts";
import { say } from "../say.ts";
import { OutboundError } from "./error.ts";

const decoders = {
  gunzip: promisify(gunzip),
  brotli: promisify(brotliDecompress),
  inflate: promisify(inflate),
  raw: promisify(inflateRaw),
};

/** What we ask for, and all we undo. */
export const ACCEPT_ENCODING = "gzip, br, deflate";

/**
 * Undoes one Content-Encoding (RFC 9110, 8.4). One layer only: chained encodings serve bombs (CVE-2026-22036), not readers.
 *
 * @param maxBytes decoded; decoding stops there instead of filling memory
 */
export async function decode(body: Buffer, encoding: string | undefined, maxBytes: number, where: string): Promise<Buffer> {
  const named = encoding?.trim().toLowerCase() ?? "";
  if (named === "" || named === "identity" || body.length === 0) return body;
  const decoder = decoderOf(named, body);
  if (!decoder)
    throw new OutboundError("OUTBOUND_ENCODING", "maybe", say`${where} answered in an encoding we did not ask for.`, { where });
  try {
    return await decoder(body, { maxOutputLength: maxBytes });
  } catch (error) {
    if (codeOf(error) === "ERR_BUFFER_TOO_LARGE") throw tooLarge(maxBytes, where);
    throw new OutboundError(
      "OUTBOUND_ENCODING",
      "maybe",
      say`${where} answered with a body that cannot be decoded (${named}).`,
      { where },
      error,
    );
  }
}

export function tooLarge(maxBytes: number, where: string): OutboundError {
  return new OutboundError("OUTBOUND_TOO_LARGE", "maybe", say`${where} answered with more than ${maxBytes} bytes.`, {
    where,
    maxBytes,
  });
}

function decoderOf(encoding: string, body: Buffer) {
  if (encoding === "gzip" || encoding === "x-gzip") return decoders.gunzip;
  if (encoding === "br") return decoders.brotli;
  // "deflate" means the zlib format, but some servers send bare deflate: the first two bytes tell (RFC 1950, 2.2).
  if (encoding === "deflate")
    return ((body[0] ?? 0) & 0x0f) === 8 && body.length > 1 && body.readUInt16BE(0) % 31 === 0 ? decoders.inflate : decoders.raw;
  return undefined;
}
