/** The word that a correction begins with, as newsrooms of the language write it. */
const WORDS: Readonly<Record<string, string>> = {
  ar: "تصحيح",
  ckb: "ڕاستکردنەوە",
  de: "Korrektur",
  en: "Correction",
  es: "Corrección",
  fa: "تصحیح",
  fr: "Rectificatif",
  it: "Correzione",
  ja: "訂正",
  kmr: "Rastkirin",
  ku: "Rastkirin",
  nl: "Correctie",
  pt: "Correção",
  tr: "Düzeltme",
};

const USUAL = "{correction}: {headline}\n\n{summary}\n\n{link}";

/** A correction's text with the word for it in the story's language; English where we do not know the language's own. */
export function correctionIn(lang: string | null, text: string = USUAL): string {
  const [language = ""] = (lang ?? "en").toLowerCase().split("-");
  return text.replaceAll("{correction}", WORDS[language] ?? WORDS["en"]!);
}
