const MONTHS = [
  "jan|january|januar|jän|janvier|janv|enero|ene",
  "feb|february|februar|février|févr|fév|febrero",
  "mar|march|märz|mär|mrz|mars|marzo",
  "apr|april|avril|avr|abril|abr",
  "may|mai|mayo",
  "jun|june|juni|juin|junio",
  "jul|july|juli|juillet|juil|julio",
  "aug|august|août|aou|agosto|ago",
  "sep|sept|september|septembre|septiembre",
  "oct|october|oktober|okt|octobre|octubre",
  "nov|november|novembre|noviembre",
  "dec|december|dezember|dez|décembre|déc|diciembre|dic",
].map((names) => new Set(names.split("|")));

/** Minutes east of Greenwich. RFC 822's zones and those newsrooms write. */
const ZONES: Readonly<Record<string, number>> = {
  ut: 0,
  utc: 0,
  gmt: 0,
  z: 0,
  wet: 0,
  bst: 60,
  west: 60,
  cet: 60,
  mez: 60,
  cest: 120,
  mesz: 120,
  eet: 120,
  eest: 180,
  msk: 180,
  ast: -240,
  est: -300,
  edt: -240,
  cst: -360,
  cdt: -300,
  mst: -420,
  mdt: -360,
  pst: -480,
  pdt: -420,
  jst: 540,
  kst: 540,
  ist: 330,
  pkt: 300,
};

const ISO = /^(\d{4})-?(\d{2})?-?(\d{2})?(?:[T\s]+(\d{1,2}):?(\d{2})(?::?(\d{2})(?:[.,]\d+)?)?)?\s*(.*)$/i;
const RFC =
  /^(?:\p{L}+\.?,?\s+)?(\d{1,2})(?:st|nd|rd|th|\.)?[\s-]+(\p{L}+)\.?,?[\s-]+(\d{4}|\d{2})(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?\s*(.*)$/u;
const ASCTIME =
  /^(?:\p{L}+\.?,?\s+)?(\p{L}+)\.?\s+(\d{1,2}),?\s+(?:(\d{4}),?\s*)?(?:(\d{1,2}):(\d{2})(?::(\d{2}))?)?\s*(\S*)\s*(\d{4})?$/u;

/**
 * A date as feeds and pages write it (RFC 822 and its many variants, ISO 8601, W3C-DTF, asctime), as ISO 8601 in UTC.
 * Without a zone it is taken as UTC. Null when it is none, or before 1990 (a clock that was never set).
 */
export function parseDate(text: string | null | undefined): string | null {
  if (!text || text.length > 100) return null;
  const plain = text
    .trim()
    .replace(/[٠-٩]/g, (digit) => String(digit.charCodeAt(0) - 0x660))
    .replace(/[۰-۹]/g, (digit) => String(digit.charCodeAt(0) - 0x6f0));
  const iso = ISO.exec(plain);
  if (iso) return moment(iso[1], iso[2] ?? "1", iso[3] ?? "1", iso[4], iso[5], iso[6], iso[7]);
  const rfc = RFC.exec(plain);
  if (rfc) return moment(rfc[3], monthOf(rfc[2]!), rfc[1], rfc[4], rfc[5], rfc[6], rfc[7]);
  const asc = ASCTIME.exec(plain);
  if (asc) return moment(asc[3] ?? asc[8], monthOf(asc[1]!), asc[2], asc[4], asc[5], asc[6], asc[7]);
  return null;
}

function monthOf(name: string): string {
  return String(MONTHS.findIndex((names) => names.has(name.toLowerCase())) + 1);
}

function moment(year = "", month = "", day = "", hour = "0", minute = "0", second = "0", zone = ""): string | null {
  const fullYear = year.length === 2 ? Number(year) + (Number(year) < 70 ? 2000 : 1900) : Number(year);
  const offset = offsetOf(zone);
  if (offset === null || Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > 31) return null;
  if (Number(hour) > 24 || Number(minute) > 59 || Number(second) > 60) return null;
  const at = Date.UTC(fullYear, Number(month) - 1, Number(day), Number(hour), Number(minute) - offset, Number(second));
  return fullYear < 1990 || fullYear > 9000 ? null : new Date(at).toISOString();
}

/** Minutes east of Greenwich; 0 where no zone is named; null for what is no zone. */
function offsetOf(zone: string): number | null {
  const name = zone
    .replace(/\(.*\)/, "")
    .trim()
    .toLowerCase();
  if (name === "") return 0;
  const numeric = /^(?:gmt|utc)?\s*([+-])(\d{1,2}):?(\d{2})?$/.exec(name);
  if (numeric) return (numeric[1] === "-" ? -1 : 1) * (Number(numeric[2]) * 60 + Number(numeric[3] ?? 0));
  return ZONES[name] ?? null;
}
