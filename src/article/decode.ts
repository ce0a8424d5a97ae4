import { isUtf8 } from "node:buffer";

/** Bytes beyond this are not read at all. */
export const MAX_BYTES = 10_000_000;

/**
 * The text of bytes from the web. Who decides the encoding, in this order: a byte-order mark, the HTTP `charset`, the
 * document's own declaration (XML or `<meta>`), UTF-8 if it is valid, windows-1252. A declared encoding that the bytes
 * plainly contradict is not believed: valid multi-byte UTF-8 is UTF-8.
 */
export function decode(bytes: Uint8Array, contentType: string | null): string {
  const body = bytes.subarray(0, MAX_BYTES);
  const marked = byMark(body);
  if (marked !== null) return marked;
  const head = new TextDecoder("latin1").decode(body.subarray(0, 1_024));
  const utf16 = /^<\0\?\0|^<\0!\0/.test(head) ? "utf-16le" : /^\0<\0[?!]/.test(head) ? "utf-16be" : null;
  const declared =
    utf16 ??
    charset(contentType) ??
    /<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)/i.exec(head)?.[1] ??
    /<meta[^>]{0,200}?charset\s*=\s*["']?([\w.:-]+)/i.exec(head)?.[1];
  const decoder = decoderOf(declared);
  if (isUtf8(body) && (decoder === null || !/^utf-16|^iso-2022/.test(decoder.encoding)))
    return new TextDecoder("utf-8").decode(body);
  if (decoder === null) return new TextDecoder("windows-1252").decode(body);
  const text = decoder.decode(body);
  // Declared UTF-8 with a few broken bytes is still UTF-8; with many it is something else.
  if (decoder.encoding === "utf-8" && (text.match(/\ufffd/g)?.length ?? 0) * 100 > text.length)
    return new TextDecoder("windows-1252").decode(body);
  return text;
}

/** The `charset` of a Content-Type header. */
function charset(contentType: string | null): string | undefined {
  return /;\s*charset\s*=\s*["']?([\w.:-]+)/i.exec(contentType ?? "")?.[1];
}

function byMark(bytes: Uint8Array): string | null {
  const [a, b, c] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return new TextDecoder("utf-8").decode(bytes);
  if (a === 0xff && b === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (a === 0xfe && b === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  return null;
}

function decoderOf(label: string | undefined): TextDecoder | null {
  if (label === undefined) return null;
  try {
    return new TextDecoder(label);
  } catch {
    return null;
  }
}
