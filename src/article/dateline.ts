import { isDense } from "./clean.ts";

const DASH = "(?:\\s*[–—―]+|\\s+-{1,2}|--)\\s+";
const AGENCY = "(?:\\s*(?:\\([^()]{2,40}\\)|/[^/]{2,30}/))";
const CAPITALS = "\\p{Lu}[\\p{Lu}\\p{M}'’.-]*\\p{Lu}\\.?";
/** What a sentence may begin with after its dateline. */
const BEGINS = "(?=[\"“‘«„»'(\\d\\p{Lu}\\p{Lo}])";

const FORMS: readonly RegExp[] = [
  // QAMISHLI – ... | BEIRUT, Nov 3 (Reuters) - ... | BEIRUT/NEW YORK (AP) — ... | ERBIL: ...
  new RegExp(
    `^${CAPITALS}(?:[\\s/,]+(?:${CAPITALS}|\\p{Lu}\\.(?:\\p{Lu}\\.)*))*(?:,\\s*[\\p{L}\\d.,\\s-]{2,40})?${AGENCY}?(?:${DASH}|\\s*:\\s+)${BEGINS}`,
    "u",
  ),
  // Qamishli (ARA News) — ... | Berlin, 3. November (dpa) - ...
  new RegExp(`^\\p{Lu}[\\p{L}\\d.,/'’\\s-]{1,60}${AGENCY}${DASH}${BEGINS}`, "u"),
  // (Reuters) - ... | (dpa) – ...
  new RegExp(`^\\([^()]{2,40}\\)${DASH}${BEGINS}`, "u"),
  // دمشق-سانا ...
  /^[\p{Script=Arabic}]{2,20}(?:\s[\p{Script=Arabic}]{2,20})?\s?[-–]\s?(?:سانا|واس|وام|قنا|بترا|بنا|كونا)(?:\s*[-–:])?\s+/u,
  // 【東京】... | （東京＝山田）... | [東京 3日 ロイター] - ...
  /^【[^】]{1,30}】\s*/u,
  /^[（(][^（）()]{1,20}[=＝][^（）()]{1,20}[）)]\s*(?:[\p{Script=Hangul} ]{2,14}(?:기자|특파원)\s*=\s*)?/u,
  /^[［[][^［\][］]{1,40}(?:ロイター|共同|時事|ＡＦＰ|AFP|AP|ＡＰ|路透|法新社)[^［\][］]{0,12}[］\]]\s*[-–—―－]?\s*/u,
  // 新华社北京11月3日电（记者……）
  /^(?:新华社|中新社|中新网|中央社|本报|人民网)[^。，]{1,25}[电電讯訊](?:\s*[（(][^（）()]{1,30}[）)])?\s*/u,
  /^[（(](?:中央社)?[^（）()]{1,20}[电電讯訊][）)]\s*/u,
];
/** Without capitals or an agency to tell: a few words and a dash, if the sentence has no second one. */
const PLAIN: readonly RegExp[] = [
  new RegExp(`^\\p{Lu}[\\p{Ll}\\p{M}'’-]+(?:[\\s/,-]+\\p{Lu}[\\p{L}\\p{M}'’-]+){0,2}(?:\\s*[–—―]+)\\s+${BEGINS}`, "u"),
  /^[\p{Script=Arabic}\p{M}]{2,20}(?:[\s/،]+[\p{Script=Arabic}\p{M}]{2,20}){0,3}(?:\s*[(（][^()]{2,40}[)）])?(?:\s*[–—―]+|\s+-)\s*(?=["“«\p{L}\d(])/u,
  /^[\p{Script=Arabic}\p{M}]{2,20}(?:[\s/،]+[\p{Script=Arabic}\p{M}]{2,20}){0,3}\s*[(（][^()]{2,40}[)）]\s*:?\s+(?=["“«\p{L}\d])/u,
];

/**
 * A paragraph without the place, date and agency before its first word. What merely looks like it stays: a sentence
 * with a pair of dashes ("Merkel – the chancellor – said"), or too little left.
 */
export function withoutDateline(paragraph: string): string {
  const head = paragraph.slice(0, 160);
  for (const form of FORMS) {
    const match = form.exec(head);
    if (match && paragraph.length - match[0].length >= (isDense(paragraph) ? 8 : 15)) return paragraph.slice(match[0].length);
  }
  for (const form of PLAIN) {
    const match = form.exec(head);
    if (!match || paragraph.length - match[0].length < 25) continue;
    const rest = paragraph.slice(match[0].length);
    const sentence = /^[^.!?؟۔]*/u.exec(rest)?.[0] ?? "";
    if (!/\s[–—―-]\s/.test(sentence)) return rest;
  }
  return paragraph;
}
