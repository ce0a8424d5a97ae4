/** The length of a domain's label as DNS carries it: itself, or in Punycode with its prefix (RFC 3492). */
export function labelLength(label: string): number {
  // Other scripts' full stops part labels too.
  const parts = label.split(/[\u3002\uff0e\uff61]/).map((part) => {
    if (!/[^\x20-\x7e]/.test(part)) return part.length;
    const points = Array.from(part, (character) => character.codePointAt(0)!);
    const basic = points.filter((point) => point < 0x80).length;
    return "xn--".length + (basic > 0 ? basic + 1 : 0) + encodedLength(points, basic);
  });
  return parts.reduce((sum, length) => sum + 1 + length);
}

/** How many digits the characters beyond ASCII take: each is written as its distance from the one before it. */
function encodedLength(points: readonly number[], basic: number): number {
  let length = 0;
  let [from, distance, bias, done] = [0x80, 0, 72, basic];
  while (done < points.length) {
    const next = Math.min(...points.filter((point) => point >= from));
    distance += (next - from) * (done + 1);
    from = next;
    for (const point of points) {
      if (point < from) distance++;
      if (point !== from) continue;
      length += digits(distance, bias);
      bias = adapted(distance, done + 1, done === basic);
      distance = 0;
      done++;
    }
    distance++;
    from++;
  }
  return length;
}

function digits(distance: number, bias: number): number {
  for (let at = 36, rest = distance, count = 1; ; at += 36, count++) {
    const threshold = Math.min(Math.max(at - bias, 1), 26);
    if (rest < threshold) return count;
    rest = Math.floor((rest - threshold) / (36 - threshold));
  }
}

function adapted(distance: number, points: number, first: boolean): number {
  let delta = Math.floor(distance / (first ? 700 : 2));
  delta += Math.floor(delta / points);
  let k = 0;
  for (; delta > 455; k += 36) delta = Math.floor(delta / 35);
  return k + Math.floor((36 * delta) / (delta + 38));
}
