import { Fault } from "../../lib/fault.ts";
import type { Outbound, RequestOptions } from "../../lib/outbound/outbound.ts";
import { say } from "../../lib/say.ts";
import type { Media } from "../network.ts";

export interface Picture {
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
}

/** What Telegram shows as a photo. */
const TYPES: Readonly<Record<string, string>> = { "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp" };

/**
 * Fetches a post's pictures by ourselves: Telegram would take an address too, but only half the bytes, and not from a
 * server that only we may reach.
 *
 * @throws Fault `PICTURE_REFUSED` for what Telegram would not take
 */
export async function fetchPictures(
  outbound: Outbound,
  media: readonly Media[],
  { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for (const { url } of media) {
    const headers = { accept: "image/*" };
    const answer = await outbound.request(url, { redirects: 3, maxBytes, timeoutMs: 15_000, signal, headers });
    if (answer.status !== 200) throw new Fault("PICTURE_AWAY", say`The picture ${url} answered ${answer.status}.`, { url });
    const type = answer.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
    const extension = TYPES[type];
    if (extension === undefined)
      throw new Fault(
        "PICTURE_REFUSED",
        say`The picture ${url} is ${type || "of no type"}; Telegram takes ${Object.keys(TYPES).join(", ")}.`,
        { url },
      );
    pictures.push({ name: `picture-${pictures.length + 1}.${extension}`, type, bytes: answer.body });
  }
  return pictures;
}

/** Fields and pictures of a method as multipart/form-data (RFC 7578); each picture under its name. */
export function formOf(fields: Readonly<Record<string, string>>, pictures: Readonly<Record<string, Picture>>): RequestOptions {
  const boundary = `slugline-${crypto.randomUUID()}`;
  const text = Object.entries(fields).map(([name, value]) =>
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`),
  );
  const files = Object.entries(pictures).flatMap(([name, { name: filename, type, bytes }]) => [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: ${type}\r\n\r\n`,
    ),
    bytes,
    Buffer.from("\r\n"),
  ]);
  const body = Buffer.concat([...text, ...files, Buffer.from(`--${boundary}--\r\n`)]);
  return { headers: { "content-type": `multipart/form-data; boundary=${boundary}` }, body };
}
