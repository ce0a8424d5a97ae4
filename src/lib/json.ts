/** What stands under a name in a value of unknown shape; undefined when nothing does. */
export function at(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && name in value ? (value as Record<string, unknown>)[name] : undefined;
}

/** The text under a name; null when there is none, or an empty one. */
export function text(value: unknown, name: string): string | null {
  const found = at(value, name);
  return typeof found === "string" && found !== "" ? found : null;
}

/** The number above zero under a name; null when there is none. */
export function number(value: unknown, name: string): number | null {
  const found = at(value, name);
  return typeof found === "number" && Number.isFinite(found) && found > 0 ? found : null;
}

/** The list under a name; empty when there is none. */
export function list(value: unknown, name: string): readonly unknown[] {
  const found = at(value, name);
  return Array.isArray(found) ? found : [];
}

/** The address of the web under a name, which the editor shows as a link; null when it is none. */
export function webAddress(value: unknown, name: string): string | null {
  const url = text(value, name);
  return url !== null && /^https?:\/\//.test(url) ? url : null;
}
