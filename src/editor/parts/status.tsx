import { linksIn } from "../../lib/text/count.ts";
import type { View } from "../view.ts";
import { Avatar, hostOf, Out } from "./bits.tsx";

const WORDS =
  /(?<![\p{L}\p{N}_&/])([#＃][\p{L}\p{N}\p{M}_·\u200c]*[\p{L}\p{M}_][\p{L}\p{N}\p{M}_·\u200c]*)|(?<![\p{L}\p{N}_/])(@\w+(?:@[a-z0-9.-]+\w)?)/giu;

/** How much of a link Mastodon shows, its scheme hidden. */
const SHOWN = 30;

export interface StatusProps {
  v: View;
  account: string;
  handle: string | null;
  text: string;
  lang: string | null;
  dir: "ltr" | "rtl" | "auto";
  spoiler: string | null;
  /** The post's own short link, which a rehearsal on loopback shows as a link although Mastodon would not. */
  link: string | null;
  /** The post is out: its link may be followed. */
  follow?: boolean;
  media: readonly { url: string; alt: string }[];
  card: Preview | null;
}

interface Preview {
  readonly url: string;
  readonly title: string;
  readonly summary: string | null;
  readonly image: string | null;
  readonly lang: string | null;
  readonly dir: "ltr" | "rtl" | null;
}

/** A post as Mastodon shows it: who, text with its links, pictures or else the link's card. */
export function Status(props: StatusProps) {
  const { v, account, handle, text, lang, dir, spoiler, link, follow = false, media, card } = props;
  return (
    <div class="status">
      <div class="status-who">
        <Avatar name={account} />
        <span>
          <b>{account}</b>
          {handle === null ? null : <span class="handle">{handle.startsWith("@") ? handle : `@${handle}`}</span>}
        </span>
      </div>
      {spoiler === null ? null : <p class="spoiler">{spoiler}</p>}
      <div class="status-text" dir={dir} {...(lang === null ? {} : { lang })}>
        {pieces(text, link).map((piece) =>
          piece.kind === "text" ? piece.text : <Marked {...piece} follow={follow && piece.text === link} />,
        )}
      </div>
      {media.length > 0 ? (
        <div class="status-media">
          {media.map((one) => (
            <figure>
              <img src={one.url} alt={one.alt} loading="lazy" referrerpolicy="no-referrer" />
              <figcaption>{one.alt === "" ? v.t("post.alt.missing") : v.t("post.alt", { alt: one.alt })}</figcaption>
            </figure>
          ))}
        </div>
      ) : card === null ? null : (
        <LinkCard card={card} />
      )}
    </div>
  );
}

function LinkCard({ card }: { card: Preview }) {
  return (
    <div class="link-card" dir={card.dir ?? "auto"} {...(card.lang === null ? {} : { lang: card.lang })}>
      {card.image === null ? null : <img src={card.image} alt="" loading="lazy" referrerpolicy="no-referrer" />}
      <div>
        <span class="host" dir="ltr">
          {hostOf(card.url)}
        </span>
        <b>{card.title}</b>
        {card.summary === null ? null : <span class="clip">{card.summary}</span>}
      </div>
    </div>
  );
}

type Piece = { kind: "text" | "link" | "tag"; text: string };

function Marked({ kind, text, follow }: Piece & { follow: boolean }) {
  if (kind === "tag") return <bdi class="tag">{text}</bdi>;
  const bare = text.replace(/^https?:\/\/(?:www\.)?/i, "");
  const shown = bare.length > SHOWN ? `${bare.slice(0, SHOWN)}…` : bare;
  const said = (
    <bdi class="link" dir="ltr" title={text}>
      {shown}
    </bdi>
  );
  // Before the post is out its link is only reserved: nothing to follow yet.
  return follow ? <Out href={text}>{said}</Out> : said;
}

/** The text cut where links, tags and mentions stand. */
export function pieces(text: string, own: string | null): Piece[] {
  const spans: { from: number; to: number; kind: "link" | "tag" }[] = linksIn(text).map(([from, to]) => ({
    from,
    to,
    kind: "link",
  }));
  const at = own === null ? -1 : text.indexOf(own);
  if (own !== null && at >= 0 && !spans.some((span) => span.from <= at && at < span.to))
    spans.push({ from: at, to: at + own.length, kind: "link" });
  for (const match of text.matchAll(WORDS)) {
    const [from, to] = [match.index, match.index + match[0].length];
    if (!spans.some((span) => from < span.to && to > span.from)) spans.push({ from, to, kind: "tag" });
  }
  const found: Piece[] = [];
  let done = 0;
  for (const { from, to, kind } of spans.toSorted((a, b) => a.from - b.from)) {
    if (from > done) found.push({ kind: "text", text: text.slice(done, from) });
    found.push({ kind, text: text.slice(from, to) });
    done = to;
  }
  if (done < text.length) found.push({ kind: "text", text: text.slice(done) });
  return found;
}
