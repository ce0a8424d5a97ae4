/** The scripts that alone tell their language, of those newsrooms commonly write. */
const ONE_LANGUAGE: Readonly<Record<string, string>> = { Hang: "ko", Grek: "el", Hebr: "he", Thai: "th", Geor: "ka", Armn: "hy" };
const SCRIPTS = {
  Latn: /\p{Script=Latin}/gu,
  Arab: /\p{Script=Arabic}/gu,
  Cyrl: /\p{Script=Cyrillic}/gu,
  Hani: /\p{Script=Han}/gu,
  Kana: /[\p{Script=Hiragana}\p{Script=Katakana}]/gu,
  Hang: /\p{Script=Hangul}/gu,
  Grek: /\p{Script=Greek}/gu,
  Hebr: /\p{Script=Hebrew}/gu,
  Thai: /\p{Script=Thai}/gu,
  Geor: /\p{Script=Georgian}/gu,
  Armn: /\p{Script=Armenian}/gu,
  Deva: /\p{Script=Devanagari}/gu,
} as const;
type Script = keyof typeof SCRIPTS;

/** Enough to tell a language by; more only costs time. */
const SAMPLE = 2_000;

/**
 * The language of a text (BCP 47): the declared one where the text's script agrees with it, else found out. Kurdish is
 * told apart as `ckb` (Arabic script) and `kmr` (Latin), which no detector does. Null when nothing tells.
 *
 * The detector's table costs about 90 MB and is loaded only when needed.
 */
export async function languageOf(text: string, declared: string | null): Promise<string | null> {
  const sample = text.slice(0, SAMPLE);
  const script = scriptOf(sample);
  const told = declared === null ? null : canonical(declared);
  if (told !== null && (script === null || agrees(told, script))) return kurdish(told, script);
  if (script === null) return told;
  const found = kurdishIn(sample, script) ?? (script === "Kana" ? "ja" : ONE_LANGUAGE[script]);
  if (found !== undefined) return found;
  const { eld } = await import("eld/extrasmall");
  const detected = eld.detect(sample).language;
  return detected === "" ? told : kurdish(detected, script);
}

/** A language tag in its canonical form (`EN_us` -> `en-US`); null when it is none. */
export function canonical(tag: string): string | null {
  try {
    const found = Intl.getCanonicalLocales(tag.trim().replaceAll("_", "-"))[0];
    return found === undefined || /^(?:und|mul|zxx|x)\b/.test(found) ? null : found;
  } catch {
    return null;
  }
}

/** The script most letters of a text are in; null when it has none we know. Japanese is `Kana` as soon as a tenth is. */
function scriptOf(text: string): Script | null {
  const counts = new Map<Script, number>();
  for (const [script, pattern] of Object.entries(SCRIPTS)) counts.set(script as Script, text.match(pattern)?.length ?? 0);
  const kana = counts.get("Kana")!;
  if (kana > 0 && kana * 10 >= kana + counts.get("Hani")!) counts.set("Kana", kana + counts.get("Hani")!);
  const [best, count] = [...counts].toSorted((a, b) => b[1] - a[1])[0]!;
  return count === 0 ? null : best;
}

function agrees(tag: string, script: Script): boolean {
  const { language, script: usual } = new Intl.Locale(tag).maximize();
  if (language === "ku") return script === "Arab" || script === "Latn";
  const written = { Jpan: ["Kana", "Hani"], Hans: ["Hani"], Hant: ["Hani"], Kore: ["Hang", "Hani"], Aran: ["Arab"] }[usual ?? ""];
  if (usual === undefined) return true;
  return written ? written.includes(script) : usual === script || !(usual in SCRIPTS);
}

function kurdish(tag: string, script: Script | null): string {
  if (tag !== "ku" && !tag.startsWith("ku-")) return tag;
  return script === "Arab" || /-Arab\b/.test(tag) ? "ckb" : "kmr";
}

/** Arabic script with more than 4 % of ڕڵۆێە is Sorani (Uyghur, with its own vowels, has some of them too); Latin with more than 1.5 % of êîû and two of its small words Kurmanji. */
function kurdishIn(text: string, script: Script): string | undefined {
  const letters = text.match(/\p{L}/gu)?.length ?? 1;
  const share = (some: RegExp) => (text.match(some)?.length ?? 0) / letters;
  if (script === "Arab" && share(/[ڕڵۆێە]/gu) > 0.04) return share(/[ۇۈۋې]/gu) > 0.04 ? "ug" : "ckb";
  if (script !== "Latn" || share(/[êîû]/giu) <= 0.015) return undefined;
  const small = new Set(text.toLowerCase().match(/(?<!\p{L})(?:û|ku|di|ji|li|bi|ya|yên|bo|de)(?!\p{L})/gu));
  return small.size >= 2 ? "kmr" : undefined;
}
