/** Control characters but tab, line feed, carriage return; bidi embeddings, overrides and isolates; line and paragraph separators are handled as space. */
// oxlint-disable-next-line no-control-regex -- removing control characters is what this is for
const CONTROL = /[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]/gu;
/** Invisible: soft hyphen, grapheme joiner, zero-width space, word joiner and friends, byte-order mark. Direction marks (LRM, RLM) stay. */
const INVISIBLE = /[\u00ad\u034f\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff]/gu;
/** ZWNJ and ZWJ mean something between letters (Persian, Kurdish, Indic) and inside an emoji; elsewhere they only hide. */
const STRAY_JOINER =
  /(?<![\p{L}\p{M}])\u200c|\u200c(?![\p{L}\p{M}])|(?<![\p{L}\p{M}\p{Extended_Pictographic}\ufe0f\u{1f3fb}-\u{1f3ff}])\u200d|\u200d(?![\p{L}\p{M}\p{Extended_Pictographic}])/gu;
/** Tag characters spell hidden text, but for the flags of England, Scotland and Wales. */
const TAGS = /(\u{1f3f4}[\u{e0020}-\u{e007f}]{1,8})|[\u{e0000}-\u{e007f}]/gu;

/**
 * Text from outside made fit to store and show on one line: no NUL, lone surrogates, control or hidden characters,
 * no bidi overrides, white space collapsed and trimmed, NFC.
 */
export function cleanText(text: string): string {
  return visible(text).replace(/\s+/gu, " ").trim();
}

/** As `cleanText`, but line breaks stay (at most one empty line between two). */
export function cleanLines(text: string): string {
  return visible(text)
    .replace(/\r\n?|[\u000b\u000c\u0085\u2028\u2029]/g, "\n")
    .replace(/[^\S\n]+/gu, " ")
    .replace(/ ?\n ?/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

function visible(text: string): string {
  return text
    .toWellFormed()
    .replace(/\ufffd/g, "")
    .replace(CONTROL, "")
    .replace(INVISIBLE, "")
    .replace(TAGS, "$1")
    .replace(STRAY_JOINER, "")
    .normalize("NFC");
}
