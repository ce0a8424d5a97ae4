import type { IncomingHttpHeaders } from "node:http";

/** A field that should be text. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A field that should be a list of ids. */
export function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** What was sent, as JSON or as a form. */
export function fieldsOf(call: { readonly body: Buffer; readonly headers: IncomingHttpHeaders }): Record<string, unknown> {
  if (call.headers["content-type"]?.startsWith("application/json")) {
    const parsed: unknown = JSON.parse(call.body.toString());
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
  }
  const form = new URLSearchParams(call.body.toString());
  return { ...Object.fromEntries(form), media_ids: form.getAll("media_ids[]") };
}

/** The parts of a multipart/form-data body (RFC 7578) by name. */
export function multipart(type: string, body: Buffer): Map<string, Buffer> {
  const boundary = /boundary="?([^";]+)/.exec(type)?.[1];
  const parts = new Map<string, Buffer>();
  if (boundary === undefined) return parts;
  for (const part of body.toString("latin1").split(`--${boundary}`).slice(1, -1)) {
    const end = part.indexOf("\r\n\r\n");
    const name = /name="([^"]*)"/.exec(part.slice(0, end))?.[1];
    if (name !== undefined) parts.set(name, Buffer.from(part.slice(end + 4, -2), "latin1"));
  }
  return parts;
}
