/** Bidi classes of the characters our tests use (Unicode's DerivedBidiClass, shortened). */
type Class = "L" | "R" | "AL" | "EN" | "AN" | "ES" | "ET" | "CS" | "NSM" | "ON";

function classOf(character: string): Class {
  if (character === "\u200e") return "L";
  if (character === "\u200f") return "R";
  if (/[0-9۰-۹]/.test(character)) return "EN";
  if (/[٠-٩]/.test(character)) return "AN";
  if (/\p{M}/u.test(character)) return "NSM";
  if (/[[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]&&\p{L}]/v.test(character)) return "AL";
  if (/[\p{Script=Hebrew}&&\p{L}]/v.test(character)) return "R";
  if (/\p{L}/u.test(character)) return "L";
  if (/[+-]/.test(character)) return "ES";
  if (/[#$%€°]/.test(character)) return "ET";
  return /[,./:،]/.test(character) ? "CS" : "ON";
}

/** The direction a network gives a paragraph that does not tell its own: that of its first strong character (UAX #9, P2 and P3). */
export function firstStrong(text: string): "ltr" | "rtl" {
  const strong = Array.from(text, classOf).find((type) => type === "L" || type === "R" || type === "AL");
  return strong === "R" || strong === "AL" ? "rtl" : "ltr";
}

/**
 * Where each character of one line stands on the screen, from the left: UAX #9 without explicit embeddings, which our
 * posts have none of. Code points, not code units.
 */
export function places(line: string, base: "ltr" | "rtl"): number[] {
  const levels = levelsOf(line, base);
  const order = levels.map((_, at) => at);
  for (let level = Math.max(0, ...levels); level > 0; level--) {
    for (let start = 0; start < order.length; start++) {
      let end = start;
      while (end < order.length && levels[order[end]!]! >= level) end++;
      order.splice(start, end - start, ...order.slice(start, end).toReversed());
      start = Math.max(start, end - 1);
    }
  }
  const found: number[] = [];
  for (const [place, at] of order.entries()) found[at] = place;
  return found;
}

/** What stands on the screen, from the left to the right, without the marks. */
export function shown(line: string, base = firstStrong(line)): string {
  const at = places(line, base);
  const result: string[] = [];
  for (const [index, character] of Array.from(line).entries()) result[at[index]!] = character;
  return result.join("").replace(/[\u200e\u200f]/g, "");
}

function levelsOf(line: string, base: "ltr" | "rtl"): number[] {
  const embedding = base === "rtl" ? "R" : "L";
  const types = weak(Array.from(line, classOf), embedding);
  brackets(Array.from(line), types, embedding);
  neutral(types, embedding);
  return types.map((type) => {
    if (base === "ltr") return type === "R" ? 1 : type === "L" ? 0 : 2;
    return type === "R" ? 1 : 2;
  });
}

/** W1 to W7. */
function weak(types: Class[], sos: Class): Class[] {
  const strongBefore = (at: number) =>
    types.slice(0, at).findLast((type) => type === "L" || type === "R" || type === "AL") ?? sos;
  for (const [at, type] of types.entries()) if (type === "NSM") types[at] = types[at - 1] ?? sos;
  for (const [at, type] of types.entries()) if (type === "EN" && strongBefore(at) === "AL") types[at] = "AN";
  for (const [at, type] of types.entries()) if (type === "AL") types[at] = "R";
  for (const [at, type] of types.entries()) {
    const [before, after] = [types[at - 1], types[at + 1]];
    if (before !== after) continue;
    if ((type === "ES" || type === "CS") && before === "EN") types[at] = "EN";
    if (type === "CS" && before === "AN") types[at] = "AN";
  }
  for (const [at, type] of types.entries()) {
    if (type !== "ET") continue;
    let end = at;
    while (types[end] === "ET") end++;
    if (types[at - 1] === "EN" || types[end] === "EN") types.fill("EN", at, end);
  }
  for (const [at, type] of types.entries()) if (type === "ES" || type === "ET" || type === "CS") types[at] = "ON";
  for (const [at, type] of types.entries()) if (type === "EN" && strongBefore(at) === "L") types[at] = "L";
  return types;
}

const asStrong = (type: Class | undefined, edge: Class) => (type === undefined ? edge : type === "L" ? "L" : "R");

/** N0: a pair of brackets takes the direction of what it holds where that agrees with its surroundings. */
function brackets(characters: readonly string[], types: Class[], embedding: Class): void {
  const open: number[] = [];
  const pairs: [number, number][] = [];
  for (const [at, character] of characters.entries()) {
    if ("([{".includes(character)) open.push(at);
    const opener = open.findLastIndex(
      (start) => ")]}".indexOf(character) === "([{".indexOf(characters[start]!) && ")]}".includes(character),
    );
    if (opener < 0) continue;
    pairs.push([open[opener]!, at]);
    open.length = opener;
  }
  for (const [start, end] of pairs.toSorted(([a], [b]) => a - b)) {
    const inside = types
      .slice(start + 1, end)
      .filter((type) => type !== "ON")
      .map((type) => asStrong(type, embedding));
    if (inside.length === 0) continue;
    const before = asStrong(
      types.slice(0, start).findLast((type) => type !== "ON"),
      embedding,
    );
    const to = inside.includes(embedding as "L" | "R") ? embedding : before === inside[0] ? before : embedding;
    types[start] = to;
    types[end] = to;
  }
}

/** N1 and N2. */
function neutral(types: Class[], embedding: Class): void {
  for (let at = 0; at < types.length; at++) {
    if (types[at] !== "ON") continue;
    let end = at;
    while (types[end] === "ON") end++;
    const [before, after] = [asStrong(types[at - 1], embedding), asStrong(types[end], embedding)];
    types.fill(before === after ? before : embedding, at, end);
    at = end;
  }
}
