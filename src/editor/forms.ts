import type { Context } from "hono";

/** A posted form's fields as text that can be stored (no NUL, no lone surrogate); files and repetitions are dropped. */
export async function formOf(c: Context): Promise<Readonly<Record<string, string>>> {
  const body = await c.req.parseBody();
  return Object.fromEntries(
    Object.entries(body).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value.replaceAll("\0", "").toWellFormed()]] : [],
    ),
  );
}

/** A revision as a form carries it; undefined where it is none. */
export function revisionIn(text: string | undefined): number | undefined {
  return /^[1-9]\d{0,8}$/.test(text ?? "") ? Number(text) : undefined;
}

/** A path of ours to go back to; the queue for anything that would lead elsewhere. */
export function pathIn(text: string | undefined): string {
  if (!text?.startsWith("/") || text.startsWith("//") || text.includes("\\")) return "/";
  const url = URL.parse(text, "http://here.invalid");
  // `/.//elsewhere` is read as `//elsewhere`, which leads away.
  return url?.host === "here.invalid" && !url.pathname.startsWith("//") ? url.pathname + url.search : "/";
}

/** `path` with a query value set. */
export function withQuery(path: string, values: Readonly<Record<string, string | null | undefined>>): string {
  const url = new URL(path, "http://here.invalid");
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return url.pathname + url.search;
}
