import type { Limits } from "../../lib/text/limits.ts";
import { linksIn } from "../../lib/text/links.ts";
import type { Card } from "../read/card.ts";
import type { Outdated, PartLine } from "../read/thread.ts";
import type { View } from "../view.ts";
import { Resting } from "./account-allowance.tsx";
import { Acts } from "./acts.tsx";
import { Ago, Badge, hostOf, Kind, When } from "./bits.tsx";
import { Edit, type Draft } from "./edit.tsx";
import { After, Offer } from "./offer.tsx";
import { AsShown, Length } from "./as-shown.tsx";
import { Origin, ruleName } from "./reason.tsx";
import { Story } from "./story.tsx";
import { AddPart, Thread } from "./thread.tsx";
import { whyNot } from "./why-not.tsx";

export interface DeskProps {
  v: View;
  card: Card;
  limits: Limits | undefined;
  /** May decide; when not, the buttons say why. */
  may: boolean;
  /** May change the text. */
  mayWrite: boolean;
  /** All parts of its thread in order; empty for a single post. */
  thread: readonly PartLine[];
  /** What changed in the article since the post went out; null where nothing did. */
  outdated: Outdated | null;
  /** Half-typed text: the card is being edited. */
  draft?: Draft | undefined;
  /** Why the last act did not happen: who was first, what changed. */
  conflict?: string | undefined;
  /** On the page of its own, where all of its details are. */
  detailed?: boolean;
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
        <Kind v={v} occasion={card.occasion} parts={card.parts} />
        {card.rehearsal ? <Badge title={v.t("badge.rehearsal.why")}>{v.t("badge.rehearsal")}</Badge> : null}
        {card.lang === null ? null : <Badge>{v.language(card.lang)}</Badge>}
        {card.why[0] === "social" ? <Badge tone="good">{v.t("badge.social")}</Badge> : null}
        {card.state === "waiting" ? null : (
          <Badge tone={card.state === "approved" ? "good" : "warn"}>{v.t(`state.${card.state}`)}</Badge>
        )}
      </p>
      <p class="why">
        {v.t(`card.mode.${card.mode}`, { why: ruleName(v, card.mode_why) })} ·{" "}
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
  const rest = card.state === "waiting" || card.delivery_state === "due" ? card.rest : null;
  if (!card.not_before && !card.not_after && !rest && card.account_state === "active") return null;
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
      {rest === null ? null : (
        <li class={rest.why === "budget" ? "bad" : ""}>
          <Resting v={v} rest={rest} says={card.state === "waiting" ? "card.rests" : "allowance.rests"} />
        </li>
      )}
      {card.account_state === "active" ? null : <li class="bad">{v.t(`account.state.${card.account_state}`)}</li>}
    </ul>
  );
}

function Standing(props: DeskProps) {
  const { v, card, may, mayWrite, thread, outdated } = props;
  return (
    <>
      {outdated === null ? null : <Offer v={v} card={card} outdated={outdated} mayWrite={mayWrite} />}
      {thread.length > 0 ? <Thread {...props} /> : <Single {...props} />}
      <Origin v={v} why={card.why} />
      {card.state === "waiting" ? <Acts v={v} card={card} may={may} mayWrite={mayWrite} /> : <Decided {...props} />}
      {mayWrite && card.state !== "rejected" && card.state !== "expired" && card.state !== "held" ? <AddPart {...props} /> : null}
    </>
  );
}

function Single(props: DeskProps) {
  const { v, card, limits } = props;
  return (
    <>
      <AsShown v={v} by={card} post={card} />
      <p class="meter">
        {limits ? <Length v={v} post={card} limits={limits} /> : v.t("count.unknown")}
        {card.target === null ? (
          <span class="leads">{v.t("card.noLink")}</span>
        ) : (
          <span class="leads">
            {v.t("card.leadsTo")} <bdi dir="ltr">{hostOf(card.target)}</bdi>
          </span>
        )}
        {limits?.cost ? <Cost v={v} cost={limits.cost} linked={linksIn(card.text).length > 0} /> : null}
      </p>
    </>
  );
}

/** What it costs to send it, where the network takes money. */
function Cost({ v, cost, linked }: { v: View; cost: NonNullable<Limits["cost"]>; linked: boolean }) {
  const { plain, withLink, currency } = cost;
  return (
    <span class="cost">
      {linked
        ? v.t("card.cost.linked", { cost: withLink, other: plain, currency })
        : v.t("card.cost.plain", { cost: plain, other: withLink, currency })}
    </span>
  );
}

/** A post that waits no more: where it stands, and the way back while there is one. */
function Decided({ v, card, may, mayWrite, detailed = false }: DeskProps) {
  const back = card.delivery_state === null || card.delivery_state === "due" || card.delivery_state === "stale";
  return (
    <div class="acts">
      <p class="why">{v.t(card.delivery_state === null ? `state.${card.state}.told` : `delivery.${card.delivery_state}.told`)}</p>
      <form method="post" action={`/posts/${card.id}/release`}>
        <button disabled={!may || !back} title={may ? (back ? undefined : v.t("may.not.release")) : whyNot(v, card.account_id)}>
          {v.t("act.release")}
        </button>
      </form>
      {detailed ? null : (
        <a class="button" href={`/posts/${card.id}`}>
          {v.t("act.details")}
        </a>
      )}
      {mayWrite && card.delivery_state === "posted" ? <After v={v} card={card} /> : null}
    </div>
  );
}
