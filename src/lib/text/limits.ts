/**
 * How much a network takes, counted how. Plain data, so that the editor's page can count with the same functions.
 *
 * Units: `grapheme` (Mastodon, Bluesky), `utf16` (Telegram), `weighted` (X: twitter-text v3).
 */
export interface Limits {
  /** The largest length, in `unit`s. */
  readonly max: number;
  readonly unit: "grapheme" | "utf16" | "weighted";
  /** What any http(s) link costs, whatever its length; null: its own length. */
  readonly perLink: number | null;
  /** A second limit in UTF-8 bytes, where the network has one (Bluesky: 3,000). */
  readonly maxBytes?: number;
  /** Mastodon counts `@user@domain` as `@user`. */
  readonly shortMentions?: boolean;
  /** How many pictures a post may carry, and how long their alt text may be (in graphemes). */
  readonly media?: { readonly max: number; readonly altMax: number; readonly maxBytes: number };
}
