import type { Child } from "hono/jsx";
import type { Occasion } from "../../post/post.ts";
import type { View } from "../view.ts";

/** A moment: roughly how long ago, exactly on pointing, always with its zone. */
export function Ago({ v, at }: { v: View; at: Date }) {
  return (
    <time datetime={at.toISOString()} title={v.when(at)}>
      {v.ago(at)}
    </time>
  );
}

/** A moment in full, with its zone. */
export function When({ v, at }: { v: View; at: Date }) {
  return <time datetime={at.toISOString()}>{v.when(at)}</time>;
}

/** A word of state. The word says it; the colour only helps. */
export function Badge({ tone = "quiet", title, children }: { tone?: Tone; title?: string; children: Child }) {
  return (
    <span class={`badge ${tone}`} {...(title === undefined ? {} : { title })}>
      {children}
    </span>
  );
}

export type Tone = "quiet" | "good" | "warn" | "bad" | "auto" | "breaking";

/** What kind of post it is, where it is not simply the first one about a story. */
export function Kind({ v, occasion, parts }: { v: View; occasion: Occasion; parts: number }) {
  return (
    <>
      {occasion === "reshare" ? <Badge>{v.t("reshare.badge")}</Badge> : null}
      {occasion === "correction" ? <Badge tone="warn">{v.t("correction.badge")}</Badge> : null}
      {parts > 1 ? <Badge>{v.t("part.count", { count: parts })}</Badge> : null}
    </>
  );
}

/** What stands where a list would be, when there is nothing to list. */
export function Empty({ title, children }: { title: string; children?: Child }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children ? <p>{children}</p> : null}
    </div>
  );
}

/** One line of a list of facts. */
export function Fact({ name, children }: { name: string; children: Child }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <bdi>{children}</bdi>
      </dd>
    </div>
  );
}

/** The way to the older rows of a list. */
export function Older({ v, path, next }: { v: View; path: string; next: string | null }) {
  if (next === null) return null;
  return (
    <p class="older">
      <a class="button" href={`${path}${path.includes("?") ? "&" : "?"}after=${next}`} rel="next">
        {v.t("list.older")}
      </a>
    </p>
  );
}

/** An account's initials (`masto-en` is ME), on one of eight grounds that stay with its name. */
export function Avatar({ name }: { name: string }) {
  const words = name.split(/[-_.\s]+/u).filter((word) => word !== "");
  const ends = words.length > 1 ? [words[0]!, words.at(-1)!] : words;
  let sum = 7;
  for (const character of name) sum = (sum * 37 + character.codePointAt(0)!) % 9973;
  return (
    <span class={`avatar hue-${sum % 8}`} aria-hidden="true">
      {ends
        .map((word) => String.fromCodePoint(word.codePointAt(0)!))
        .join("")
        .toUpperCase()}
    </span>
  );
}

/** A way to another site: opens beside, tells it nothing of us. Only http and https become links. */
export function Out({ href, class: kind, children }: { href: string; class?: string; children: Child }) {
  if (!/^https?:\/\//i.test(href)) return <span class={kind}>{children}</span>;
  return (
    <a class={kind} href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

/** The host of an address, as a person would say it. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host.replace(/^www\./, "") : url;
}
