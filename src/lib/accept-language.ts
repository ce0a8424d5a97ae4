/** The tags of an `Accept-Language` (RFC 9110, 12.5.4), the most wanted first; what is refused (`q=0`) left out. */
export function acceptedLanguages(header: string): string[] {
  return header
    .slice(0, LONGEST)
    .split(",")
    .map((part) => {
      const [tag = "", ...rest] = part.trim().split(/\s*;\s*/);
      const weight = rest.find((one) => one.startsWith("q="))?.slice(2);
      return { tag, weight: weight === undefined ? 1 : Number(weight) || 0 };
    })
    .filter(({ tag, weight }) => weight > 0 && /^[a-z]{2,8}(?:-[a-z0-9]{1,8})*$/i.test(tag))
    .toSorted((a, b) => b.weight - a.weight)
    .map(({ tag }) => tag);
}

/** Browsers send a few tags; what is longer was written to be long. */
const LONGEST = 500;
