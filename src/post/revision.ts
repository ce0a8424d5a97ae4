import { createHash } from "node:crypto";

/** Everything of a revision that is sent. */
export interface Sent {
  readonly text: string;
  readonly lang: string | null;
  readonly media: readonly { readonly url: string; readonly alt: string }[];
  readonly sensitive: boolean;
  readonly spoiler: string | null;
}

/** SHA-256 (hex) of everything that is sent, so that what was approved is what goes out. */
export function hashOf(it: Sent): string {
  const media = it.media.map(({ url, alt }) => [url, alt]);
  return createHash("sha256")
    .update(JSON.stringify([it.text, it.lang, media, it.sensitive, it.spoiler]))
    .digest("hex");
}
