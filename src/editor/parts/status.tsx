import { dirOf } from "../../lib/text/direction.ts";
import { linksIn } from "../../lib/text/links.ts";
import type { PostCard } from "../../post/revision.ts";
import type { View } from "../view.ts";
import { Avatar, Badge, hostOf, Out } from "./bits.tsx";
import { Fields } from "./fields.tsx";
import { lookOf } from "./looks.ts";

const WORDS =
  /(?<![\p{L}\p{N}_&/])([#＃][\p{L}\p{N}\p{M}_·\u200c]*[\p{L}\p{M}_][\p{L}\p{N}\p{M}_·\u200c]*)|(?<![\p{L}\p{N}_/])(@\w+(?:@[a-z0-9.-]+\w)?)/giu;

export interface StatusProps {
  v: View;
  network: string;
  account: string;
  handle: string | null;
  text: string;
  lang: string | null;
  dir: "ltr" | "rtl" | "auto";
  spoiler: string | null;
  /** Its pictures are hidden until asked for. */
  sensitive: boolean;
  /** The post's own short link, which a rehearsal on loopback shows as a link although no network would. */
  link: string | null;
  /** The post is out: its link may be followed. */
  follow?: boolean;
  media: readonly { url: string; alt: string }[];
  card: PostCard | null;
  /** Where the link leads in the end: what a network that reads the page shows. */
  target: string | null;
}

/** A post as its network shows it: who, text with its links, pictures or else the card. */
export function Status(props: StatusProps) {
  const { v, network, account, handle, spoiler, lang } = props;
  const look = lookOf(network);
  if (look.fields)
    return (
      <div class="status">
        <Fields {...props} />
        <Note {...props} />
      </div>
    );
  const body =
    look.caption === undefined ? (
      <>
        <Words {...props} />
        <Under {...props} />
      </>
    ) : (
      <div class="bubble">
        {props.media.length > 0 ? <Under {...props} /> : null}
        <Words {...props} />
        {props.media.length > 0 ? null : <Under {...props} />}
      </div>
    );
  return (
    <div class={`status look-${network}`}>
      <div class="status-who">
        <Avatar name={account} />
        <span>
          <b>
            <bdi>{account}</bdi>
          </b>
          {handle === null ? null : (
            <span class="handle">
              <bdi dir="ltr">{handle.startsWith("@") ? handle : `@${handle}`}</bdi>
            </span>
          )}
        </span>
      </div>
      {spoiler === null ? (
        body
      ) : (
        // Open here, so that whoever decides reads all of it.
        <details class="folded" open>
          <summary>
            <span class="spoiler" dir="auto" {...(lang === null ? {} : { lang })}>
              {spoiler}
            </span>{" "}
            <Badge>{v.t("look.folded")}</Badge>
          </summary>
          {body}
        </details>
      )}
      <Note {...props} />
    </div>
  );
}

function Words({ network, text, lang, dir, link, follow = false }: StatusProps) {
  const { address } = lookOf(network);
  return (
    <div class="status-text" dir={dir} {...(lang === null ? {} : { lang })}>
      {pieces(text, link).map((piece) =>
        piece.kind === "text" ? (
          piece.text
        ) : (
          <Marked {...piece} shown={address(piece.text)} follow={follow && piece.text === link} />
        ),
      )}
    </div>
  );
}

/** Its pictures, else the card of its link. */
function Under(props: StatusProps) {
  const { v, network, media, sensitive } = props;
  const { hides, alt } = lookOf(network);
  if (media.length === 0) return hasCard(props) ? <LinkCard {...props} /> : null;
  return (
    <div class="status-media">
      {sensitive ? (
        <p>
          <Badge tone={hides ? "warn" : "bad"}>{v.t(hides ? "look.hidden" : "look.refusesHidden")}</Badge>
        </p>
      ) : null}
      {media.map((one) => (
        <figure>
          <img src={one.url} alt={one.alt} loading="lazy" referrerpolicy="no-referrer" />
          <figcaption>
            {!alt ? (
              v.t("look.noAlt")
            ) : one.alt === "" ? (
              <Badge tone="warn">{v.t("post.alt.missing")}</Badge>
            ) : (
              v.t("post.alt", { alt: one.alt })
            )}
          </figcaption>
        </figure>
      ))}
    </div>
  );
}

function LinkCard({ network, card, target, lang }: StatusProps) {
  if (card === null) return null;
  const whose = lookOf(network).card === "sent" ? card.url : (target ?? card.url);
  return (
    <div class="link-card" dir={dirOf(lang, card.title)} {...(lang === null ? {} : { lang })}>
      {card.image === null ? null : <img src={card.image.url} alt="" loading="lazy" referrerpolicy="no-referrer" />}
      <div>
        <span class="host" dir="ltr">
          {hostOf(whose)}
        </span>
        <b>{card.title}</b>
        {card.description === "" ? null : <span class="clip">{card.description}</span>}
      </div>
    </div>
  );
}

/** What of this look is not ours to know, or is not as it was meant. */
function Note(props: StatusProps) {
  const { v, network, text, media } = props;
  const { caption } = lookOf(network);
  const note =
    caption !== undefined && media.length > 0 && text.length > caption
      ? "look.tooLongForCaption"
      : hasCard(props) || network === "webhook"
        ? `look.note.${network}`
        : null;
  return note !== null && v.has(note) ? <p class="why">{v.t(note)}</p> : null;
}

function hasCard({ network, card, media, sensitive }: StatusProps): boolean {
  return card !== null && media.length === 0 && !(sensitive && lookOf(network).previewHidden);
}

type Piece = { kind: "text" | "link" | "tag"; text: string };

function Marked({ kind, text, shown, follow }: Piece & { shown: string; follow: boolean }) {
  if (kind === "tag") return <bdi class="tag">{text}</bdi>;
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
