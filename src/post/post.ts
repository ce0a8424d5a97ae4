/** What one account will say about one article. Pure: how a post moves. */

/** Why an account says something about an article; how often each may come is counted in rounds. */
export type Occasion = "first" | "reshare" | "correction";

export type PostState = "draft" | "waiting" | "approved" | "rejected" | "held" | "expired";

export type PostHappening =
  /** the voice has written it */
  | "composed"
  | "approve"
  | "reject"
  | "hold"
  /** too old to be news */
  | "expire"
  /** a person takes a decision back */
  | "release"
  /** a person wrote another text: whatever was decided is void */
  | "edited"
  /** its article changed: what was decided about the old one is void */
  | "article-changed"
  /** the article was withdrawn */
  | "withdrawn";

export const POST_STATES: readonly PostState[] = ["draft", "waiting", "approved", "rejected", "held", "expired"];
export const POST_HAPPENINGS: readonly PostHappening[] = [
  "composed",
  "approve",
  "reject",
  "hold",
  "expire",
  "release",
  "edited",
  "article-changed",
  "withdrawn",
];

const MOVES: Record<PostState, Partial<Record<PostHappening, PostState>>> = {
  draft: { composed: "waiting", withdrawn: "held" },
  waiting: {
    approve: "approved",
    reject: "rejected",
    hold: "held",
    expire: "expired",
    edited: "waiting",
    "article-changed": "waiting",
    withdrawn: "held",
  },
  approved: { release: "waiting", edited: "waiting", "article-changed": "waiting", withdrawn: "held" },
  rejected: { release: "waiting", edited: "waiting" },
  held: { release: "waiting", edited: "waiting", "article-changed": "held" },
  expired: { release: "waiting", edited: "waiting", withdrawn: "held" },
};

/**
 * Where a post goes when something happens to it; null where it must not.
 *
 * @param onItsWay a delivery of it is `sending` or later (not cancelled): from then on nothing about the post changes
 */
export function nextPost(state: PostState, happening: PostHappening, onItsWay: boolean): PostState | null {
  if (onItsWay) return null;
  return MOVES[state][happening] ?? null;
}

/**
 * What a decision or an edit moves: the parts of a thread that are not on their way yet move together, so that one decision
 * is about all that was seen. Parts for which it is no move stay.
 */
export function nextParts<Part extends { readonly state: PostState; readonly on_its_way: boolean }>(
  thread: readonly Part[],
  happening: PostHappening,
): { readonly part: Part; readonly to: PostState }[] {
  return thread.flatMap((part) => {
    const to = nextPost(part.state, happening, part.on_its_way);
    return to === null ? [] : [{ part, to }];
  });
}
