import { lengthOf } from "../../lib/text/count.ts";
import type { Limits } from "../../lib/text/limits.ts";
import type { View } from "../view.ts";
import { Status, type StatusProps } from "./status.tsx";

/** What of a post, or of a part of a thread, is seen by its readers; `code` is its own link's. */
type Text = Omit<StatusProps, "v" | "network" | "account" | "handle" | "link" | "follow"> & { readonly code: string | null };

/** A post that is not out yet, as its network will show it. */
export function AsShown({ v, by, post }: { v: View; by: Pick<StatusProps, "network" | "account" | "handle">; post: Text }) {
  const { text, lang, dir, spoiler, sensitive, media, card, target, code } = post;
  const { network, account, handle } = by;
  const link = code === null ? null : `${v.shortUrl}/${code}`;
  return <Status {...{ v, network, account, handle, text, lang, dir, spoiler, sensitive, link, media, card, target }} />;
}

/** How much of its network's limit a post takes. */
export function Length({ v, post, limits }: { v: View; post: Pick<Text, "spoiler" | "text">; limits: Limits }) {
  const length = lengthOf(`${post.spoiler ?? ""}${post.text}`, limits);
  return <span class={length > limits.max ? "over" : ""}>{v.t("count.of", { length, limit: limits.max })}</span>;
}
