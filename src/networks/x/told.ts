import { list, text } from "../../lib/json.ts";
import { cleanText } from "../../lib/text/clean.ts";

/** Undefined when the body is not JSON. */
export function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** A problem's detail, an old error's message, OAuth's own, or a title: in this order, because titles are only names of statuses. */
export function problem(json: unknown): string | null {
  const [first] = list(json, "errors");
  return (
    text(first, "message") ??
    text(json, "detail") ??
    text(first, "detail") ??
    text(json, "error_description") ??
    text(json, "error") ??
    text(json, "title")
  );
}

/** One short sentence. Secrets go before it is cut, so that no piece of one is left at the end. */
export function sentence(said: string, secrets: readonly string[]): string {
  const forms = secrets.flatMap((one) => [one, encodeURIComponent(one)]).filter((form) => form !== "");
  const harmless = forms.reduce((so, form) => so.replaceAll(form, "[a key]"), cleanText(said));
  return `${harmless.slice(0, 300).replace(/\.$/, "")}.`;
}
