/** What is known for sure of how a network shows a post. */
export interface Look {
  /** An address as its readers see it. */
  readonly address: (url: string) => string;
  /** The card: its network reads the page behind the link, or it is sent with the post. */
  readonly card: "page" | "sent";
  /** Whether it can hide pictures until they are asked for. */
  readonly hides: boolean;
  /** Whether it takes alternative text. */
  readonly alt: boolean;
  /** Where a preview cannot be hidden, a post with hidden pictures has none. */
  readonly previewHidden?: true;
  /** Pictures stand above the words, which are their caption and may be so long (UTF-16). */
  readonly caption?: number;
  /** No reader but a program: its fields, as they are sent. */
  readonly fields?: true;
}

const mastodon: Look = { address: (url) => cut(bare(url), 30), card: "page", hides: true, alt: true };

const LOOKS: Readonly<Record<string, Look>> = {
  mastodon,
  x: { address: (url) => shortPath(bare(url), 15, 15, "…"), card: "page", hides: false, alt: true },
  bluesky: { address: (url) => shortPath(url.replace(/^https?:\/\//i, ""), 15, 13, "..."), card: "sent", hides: true, alt: true },
  telegram: { address: (url) => url, card: "page", hides: true, alt: false, previewHidden: true, caption: 1_024 },
  webhook: { address: (url) => url, card: "sent", hides: true, alt: true, fields: true },
};

/** A network's look; of one that is not known, Mastodon's. */
export function lookOf(network: string): Look {
  return LOOKS[network] ?? mastodon;
}

function bare(url: string): string {
  return url.replace(/^https?:\/\/(?:www\.)?/i, "");
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** The host whole, and of a path longer than `most` its first `kept` characters. */
function shortPath(address: string, most: number, kept: number, end: string): string {
  const [, host = address, path = ""] = /^([^/?#]*)(.*)$/s.exec(address) ?? [];
  const told = path === "/" ? "" : path;
  return host + (told.length > most ? told.slice(0, kept) + end : told);
}
