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
  /** Whether a warning before the text has a field of its own, which counts too (Mastodon's spoiler_text). */
  readonly spoiler?: boolean;
  /** The same words may stand on one account of an owner only (X's rules on automation). */
  readonly forbidsCopies?: boolean;
  /** What one post costs, where the network takes money (X), and `read`: each one that a look for a lost post is shown. */
  readonly cost?: { readonly plain: number; readonly withLink: number; readonly read?: number; readonly currency: string };
}
