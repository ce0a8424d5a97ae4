/** After these a full stop does not end a sentence. From newspapers' usage in the languages named. */
const ABBREVIATIONS = new Set(
  [
    // en
    "mr mrs ms dr prof rev hon sen rep gov gen lt col maj capt cmdr sgt cpl pvt adm pres supt det insp st ste mt ft jr sr vs no nos vol pp fig ed est approx dept univ inc ltd corp co bros assn ave blvd jan feb mar apr jun jul aug sept sep oct nov dec mon tue wed thu fri ala ariz ark calif colo conn del fla ga ill ind kan ky la md mass mich minn miss mo mont neb nev okla ore pa tenn tex va vt wash wis wyo e.g i.e cf al ph.d u.n",
    // de
    "hr fr dipl ing mag nr bzw ca evtl ggf inkl usw zzgl abs art str tel u.a z.b d.h o.ä v.a i.d.r bd jh jhd mio mrd geb gest hrsg sog vgl mind max okt dez mär",
    // fr, es, it, pt, nl
    "m mme mlle mm av bd sr sra srta ud uds dra ee.uu sig sig.ra dott on ing dhr mevr drs ir bijv enz jl",
    // Kurmanji, Turkish
    "yên doç yrd av",
  ]
    .join(" ")
    .split(" "),
);
/** In these a number with a full stop is an ordinal: "am 3. November". */
const ORDINAL_LANGUAGES = new Set(["de", "da", "nb", "nn", "no", "fi", "cs", "sk", "hu", "hr", "sl", "et", "lv", "is"]);
/** Words that begin a sentence, so that "in the U.S. The president" is two. */
const STARTERS =
  /^["“'‘(]*(?:The|A|An|In|On|At|By|He|She|It|They|We|I|But|And|This|That|These|Those|There|His|Her|Its|Their|For|After|Before|When|While|As|If|With|Some|Many|Officials|According)\b/u;

const segmenters = new Map<string, Intl.Segmenter>();

/**
 * The sentences of one paragraph, in order, trimmed: Intl.Segmenter's, joined again where it broke after an
 * abbreviation, an initial, an ordinal, or inside a quotation that goes on. Knows ؟ ۔ 。 as ends.
 *
 * @param lang BCP 47 of the text; null where not known
 */
export function sentences(text: string, lang: string | null = null): string[] {
  const found: string[] = [];
  for (const { segment } of segmenterOf(lang).segment(text)) {
    const previous = found.at(-1);
    if (previous !== undefined && goesOn(previous, segment, lang)) found[found.length - 1] = previous + segment;
    else found.push(segment);
  }
  return found.map((sentence) => sentence.trim()).filter((sentence) => sentence !== "");
}

function segmenterOf(lang: string | null): Intl.Segmenter {
  const key = lang ?? "und";
  let segmenter = segmenters.get(key);
  if (!segmenter) {
    segmenter = new Intl.Segmenter(safeLocale(key), { granularity: "sentence" });
    segmenters.set(key, segmenter);
  }
  return segmenter;
}

function safeLocale(tag: string): string {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? "und";
  } catch {
    return "und";
  }
}

function goesOn(previous: string, next: string, lang: string | null): boolean {
  if (/\n\s*$/.test(previous)) return false;
  // Japanese: 「行く。」と述べた。
  if (/[。！？][」』）]\s*$/u.test(previous)) return /^\p{Script=Hiragana}/u.test(next);
  if (/^["“”'’(«»\s]*\p{Ll}/u.test(next)) return true;
  const stopped = /(\S+)\.\s*$/u.exec(previous)?.[1];
  if (stopped === undefined) return false;
  const word = stopped.replace(/^["“”'‘’«»„([]+/u, "");
  if (/^\d{1,2}$/.test(word)) return ORDINAL_LANGUAGES.has((lang ?? "").split("-", 1)[0]!.toLowerCase());
  if (/^(?:\p{Lu}\.?-?)?\p{L}$/u.test(word) && !/\.\p{Lu}$/u.test(word)) return true;
  if (/^(?:\p{L}\.)+\p{L}$/u.test(word)) return !STARTERS.test(next);
  if (/^[RDI]-\p{Lu}\p{L}*$/u.test(word)) return true;
  return ABBREVIATIONS.has(word.toLowerCase()) && !(/^\p{Ll}/u.test(word) && STARTERS.test(next));
}
