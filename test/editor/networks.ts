import { usualLimits } from "../../src/app/networks.ts";
import type { TestStore } from "../support/store.ts";
import { SHORT_URL, type Desk } from "./seed.ts";

export const NETWORKS = ["mastodon", "x", "bluesky", "telegram", "webhook"] as const;
type NetworkName = (typeof NETWORKS)[number];

export const PICTURE = "https://pictures.example.org/bridge.png";

/** What a post on some network is to be like, over the plain one with a link and its card. */
interface Like {
  readonly story?: Desk["stories"][number];
  readonly text?: string;
  readonly media?: readonly { url: string; alt: string }[];
  readonly spoiler?: string;
  readonly sensitive?: boolean;
  readonly linked?: boolean;
  readonly why?: readonly string[];
}

/** A post that waits on an account of this network, one account for each network and language. */
export async function waitingOn(store: TestStore, desk: Desk, network: NetworkName, like: Like = {}) {
  const story = like.story ?? desk.stories[0];
  const account = `${network}-${story.lang}`;
  const made = await desk.waiting({ ...story, account });
  await store.query("update slugline.account set network = $2, handle = $3, limits = $4 where name = $1", [
    account,
    network,
    network === "webhook" ? null : "dailyexample",
    JSON.stringify(usualLimits(network)),
  ]);
  const { linked = true, media = [], why = ["description", "fewer tags", "160 of 500"] } = like;
  const link = `${SHORT_URL}/${made.code}`;
  if (!linked) await store.query("update slugline.post set link_id = null where id = $1", [made.post]);
  const card =
    linked && media.length === 0
      ? { url: link, title: story.title, description: story.summary, image: { url: PICTURE, alt: "" } }
      : null;
  await store.query(
    `update slugline.post_revision set text = coalesce($2, text), media = $3, card = $4, spoiler = $5, sensitive = $6, why = $7, hash = 'set'
      where post_id = $1`,
    [
      made.post,
      like.text ?? (linked ? null : `${story.title}\n\n${story.summary}`),
      JSON.stringify(media),
      card && JSON.stringify(card),
      like.spoiler ?? null,
      like.sensitive ?? false,
      JSON.stringify(why),
    ],
  );
  return { ...made, account, link };
}
