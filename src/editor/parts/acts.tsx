import type { Child } from "hono/jsx";
import type { Card } from "../read/card.ts";
import type { View } from "../view.ts";
import { wallTime } from "../../lib/zone.ts";
import { WhyNot, whyNot } from "./why-not.tsx";

/**
 * What an act changes on the queue's page: the desk, how many wait, the bar, and the sentence that says what happened. The
 * list comes along where another part of it is asked for; else the script marks it at once, and the next bell reads it again.
 * No time to settle: the focus moves with the card.
 */
export const ON_DESK = {
  "hx-target": "#desk",
  "hx-select": "#desk",
  "hx-swap": "outerHTML settle:0",
  "hx-select-oob": "#waiting:outerMorph,#waiting-title:innerHTML,#top:outerMorph,#said:innerHTML",
} as const;

/** The decisions about a post that waits, each a form that works without script; the keys press the same buttons. */
export function Acts({ v, card, may, mayWrite }: { v: View; card: Card; may: boolean; mayWrite: boolean }) {
  const base = `/posts/${card.id}`;
  const off = may ? {} : { disabled: true, title: whyNot(v, card.account_id) };
  return (
    <div class="acts">
      <Act to={`${base}/approval`} card={card}>
        <button class="primary" data-key="a" {...off}>
          {v.t("act.approve")} <kbd>a</kbd>
        </button>
      </Act>
      {mayWrite ? (
        <a class="button" href={`${base}/edit`} hx-get={`${base}/edit`} {...ON_DESK} data-key="e">
          {v.t("act.edit")} <kbd>e</kbd>
        </a>
      ) : null}
      <Asking v={v} name="schedule" key_="s" off={!may}>
        <Act to={`${base}/schedule`} card={card}>
          <label>
            {v.t("act.schedule.at", { zone: v.timeZone })}
            <input
              type="datetime-local"
              name="at"
              required
              value={wallTime(nextHour(v.now), v.timeZone)}
              min={wallTime(v.now, v.timeZone)}
            />
          </label>
          <button class="primary">{v.t("act.schedule.do")}</button>
        </Act>
      </Asking>
      <Asking v={v} name="hold" key_="h" off={!may}>
        <Act to={`${base}/hold`} card={card}>
          <Why v={v} />
          <button class="primary">{v.t("act.hold.do")}</button>
        </Act>
      </Asking>
      <Asking v={v} name="reject" key_="x" off={!may}>
        <Act to={`${base}/rejection`} card={card}>
          <Why v={v} />
          <button class="danger">{v.t("act.reject.do")}</button>
        </Act>
      </Asking>
      {may ? null : <WhyNot v={v} accountId={card.account_id} />}
    </div>
  );
}

/** A form about exactly the revision that is shown. */
function Act({ to, card, children }: { to: string; card: Card; children: Child }) {
  return (
    <form method="post" action={to} hx-post={to} {...ON_DESK} data-act>
      <input type="hidden" name="revision" value={card.revision} />
      {children}
    </form>
  );
}

/** An act that may be explained first: a fold that opens on its key with the first field focused. */
function Asking({
  v,
  name,
  key_,
  off,
  children,
}: {
  v: View;
  name: "schedule" | "hold" | "reject";
  key_: string;
  off: boolean;
  children: Child;
}) {
  if (off) return null;
  return (
    <details class="asking" id={`ask-${name}`} data-fold>
      <summary class="button" data-key={key_}>
        {v.t(`act.${name}`)} <kbd>{key_}</kbd>
      </summary>
      <div class="asking-body">{children}</div>
    </details>
  );
}

function Why({ v }: { v: View }) {
  return (
    <label>
      {v.t("act.why")}
      <input type="text" name="why" maxlength={300} autocomplete="off" dir="auto" />
    </label>
  );
}

function nextHour(now: Date): Date {
  return new Date(Math.ceil((now.getTime() + 5 * 60_000) / 3_600_000) * 3_600_000);
}
