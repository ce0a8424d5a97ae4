import { summaryOf } from "../article/summary.ts";
import type { Limits } from "../lib/text/limits.ts";
import { hashtags, write, type Voice } from "./write.ts";

/** As much of a story as its posts are written from. */
export interface Told {
  readonly title: string;
  readonly summary: string | null;
  readonly body: readonly string[];
  readonly lang: string | null;
  readonly dir: "ltr" | "rtl" | null;
  readonly tags: readonly string[];
}

export interface PostText {
  readonly text: string;
  readonly lang: string | null;
  readonly dir: "ltr" | "rtl";
  readonly tags: readonly string[];
  /** Where its words come from, and what gave way. */
  readonly why: readonly string[];
}

/** What a voice makes of a story within a network's limits, with its short link. */
export function textOf(story: Told, voice: Voice, limits: Limits, link: string): PostText {
  const summary = summaryOf(story);
  const tags = hashtags(story.tags, voice.tags);
  const written = write(
    { headline: story.title, first: summary.first, second: summary.second, link, tags, lang: story.lang },
    voice,
    limits,
  );
  return {
    text: written.text,
    lang: story.lang,
    dir: story.dir ?? "ltr",
    tags: tags.filter((tag) => written.text.includes(tag)),
    why: [summary.why, ...written.why],
  };
}
