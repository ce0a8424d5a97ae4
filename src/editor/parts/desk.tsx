import { lengthOf } from "../../lib/text/count.ts";
import type { Limits } from "../../lib/text/limits.ts";
import type { Card } from "../read/card.ts";
import type { View } from "../view.ts";
import { Acts } from "./acts.tsx";
import { Ago, Badge, hostOf, When } from "./bits.tsx";
import { Edit, type Draft } from "./edit.tsx";
import { Status } from "./status.tsx";
import { Story } from "./story.tsx";

export interface DeskProps {
  v: View;
  card: Card;
  limits: Limits | undefined;
  /** May decide; when not, the buttons say why. */
  may: boolean;
  /** May change the text. */
  mayWrite: boolean;
  /** Half-typed text: the card is being edited. */
  draft?: Draft | undefined;
  /** Why the last act did not happen: who was first, what changed. */
  conflict?: string | undefined;
}

/** One post as it will stand, what can be done about it, and the story beside it. While edited, live updates leave it alone. */
export function Desk(props: DeskProps) {
  const { v, card, conflict, draft } = props;
  return (
    <section
      id="desk"
      class="desk"
      aria-label={v.t("desk.label")}
      {...(draft ? { "hx-morph-skip": "true", "data-editing": card.id } : {})}
    >
      <article id={`card-${card.id}`} class="card" tabindex={-1} aria-labelledby={`who-${card.id}`} data-card={card.id}>
        {conflict === undefined ? null : (
          <p class="notice bad" id="conflict" data-said>
            {conflict}
          </p>
        )}
        <Head {...props} />
        {draft ? <Edit {...props} draft={draft} /> : <Standing {...props} />}
      </article>
      <Story v={v} card={card} />
    </section>
  );
}

function Head({ v, card }: DeskProps) {
  return (
    <header class="card-head">
      <h2 id={`who-${card.id}`}>{v.t("card.who", { account: card.account, network: card.network })}</h2>
      <p class="badges">
        {card.priority === "breaking" ? <Badge tone="breaking">{v.t("badge.breaking")}</Badge> : null}
        {card.mode === "auto" ? <Badge tone="auto">{v.t("badge.auto")}</Badge> : <Badge>{v.t("badge.review")}</Badge>}
        {card.rehearsal ? <Badge title={v.t("badge.rehearsal.why")}>{v.t("badge.rehearsal")}</Badge> : null}
        {card.lang === null ? null : <Badge>{v.language(card.lang)}</Badge>}
        {card.state === "waiting" ? null : (
          <Badge tone={card.state === "approved" ? "good" : "warn"}>{v.t(`state.${card.state}`)}</Badge>
        )}
      </p>
      <p class="why">
        {v.t(`card.mode.${card.mode}`, {
          why: v.has(`mode.why.${card.mode_why}`) ? v.t(`mode.why.${card.mode_why}`) : card.mode_why,
        })}{" "}
        ·{" "}
        {card.writer === null
          ? v.t("card.written.voice")
          : v.t("card.written.person", { who: card.writer, revision: card.revision })}{" "}
        <Ago v={v} at={card.written_at} />
      </p>
      <Window v={v} card={card} />
    </header>
  );
}

/** When it may go out, and until when. */
function Window({ v, card }: { v: View; card: Card }) {
  if (!card.not_before && !card.not_after && card.account_state === "active") return null;
  return (
    <ul class="window">
      {card.not_before && card.not_before > v.now ? (
        <li>
          {v.t(card.embargo_until && card.embargo_until >= card.not_before ? "card.embargo" : "card.notBefore")}{" "}
          <When v={v} at={card.not_before} />
        </li>
      ) : null}
      {card.not_after ? (
        <li class={card.not_after <= v.now ? "bad" : ""}>
          {v.t(card.not_after <= v.now ? "card.stale" : "card.notAfter")} <When v={v} at={card.not_after} />
        </li>
      ) : null}
      {card.account_state === "active" ? null : <li class="bad">{v.t(`account.state.${card.account_state}`)}</li>}
    </ul>
  );
}

function Standing(props: DeskProps) {
  const { v, card, limits, may, mayWrite } = props;
  const link = card.code === null ? null : `${v.shortUrl}/${card.code}`;
  const length = limits ? lengthOf(card.text, limits) : null;
  return (
    <>
      <Status
        v={v}
        account={card.account}
        handle={card.handle}
        text={card.text}
        lang={card.lang}
        dir={card.dir}
        spoiler={card.spoiler}
        link={link}
        media={card.media}
        card={{
          url: card.target ?? card.url,
          title: card.title,
          summary: card.summary,
          image: card.image_url,
          lang: card.article_lang,
          dir: card.article_dir,
        }}
      />
      <p class="meter">
        {length === null || !limits ? (
          v.t("count.unknown")
        ) : (
          <span class={length > limits.max ? "over" : ""}>{v.t("count.of", { length, limit: limits.max })}</span>
        )}
        {card.target === null ? null : (
          <span class="leads">
            {v.t("card.leadsTo")} <bdi dir="ltr">{hostOf(card.target)}</bdi>
          </span>
        )}
      </p>
      {card.state === "waiting" ? (
        <Acts v={v} card={card} may={may} mayWrite={mayWrite} />
      ) : (
        <Decided v={v} card={card} may={may} />
      )}
    </>
  );
}

/** A post that waits no more: where it stands, and the way back while there is one. */
function Decided({ v, card, may }: { v: View; card: Card; may: boolean }) {
  const back = card.delivery_state === null || card.delivery_state === "due" || card.delivery_state === "stale";
  return (
    <div class="acts">
      <p class="why">{v.t(card.delivery_state === null ? `state.${card.state}.told` : `delivery.${card.delivery_state}.told`)}</p>
      <form method="post" action={`/posts/${card.id}/release`}>
        <button disabled={!may || !back} title={may ? (back ? undefined : v.t("may.not.release")) : v.t("may.not.decide")}>
          {v.t("act.release")}
        </button>
      </form>
      <a class="button" href={`/posts/${card.id}`}>
        {v.t("act.details")}
      </a>
    </div>
  );
}
