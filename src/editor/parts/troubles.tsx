import type { Trouble } from "../../health/health.ts";
import type { DeliveryLine } from "../read/deliveries.ts";
import type { View } from "../view.ts";
import { Ago, Badge } from "./bits.tsx";
import { Reason } from "./reason.tsx";
import { decides, whyNot } from "./why-not.tsx";

/** What is silent, late or wrong, each with what to do about it; and the deliveries that only a person can move on. */
export function Troubles({ v, troubles, stuck }: { v: View; troubles: readonly Trouble[]; stuck: readonly DeliveryLine[] }) {
  const others = troubles.filter((one) => !TOLD_ELSEWHERE.has(one.code));
  return (
    <section id="troubles" class="troubles" aria-label={v.t("trouble.label")} hidden={others.length + stuck.length === 0}>
      {stuck.map((one) => (
        <Stuck v={v} delivery={one} />
      ))}
      {others.length > 0 ? (
        <ul>
          {others.map((one) => (
            <li class={one.severity}>
              <Badge tone={one.severity === "alarm" ? "bad" : "warn"}>{v.t(`severity.${one.severity}`)}</Badge>
              <span>
                <b>{v.t(`trouble.${one.code}`, { ...said(v, one.args), why: "" }).trimEnd()}</b>{" "}
                {one.args["why"] ? <Reason v={v} why={String(one.args["why"])} /> : null}{" "}
                {one.since ? <Ago v={v} at={one.since} /> : null}
                <span class="todo">
                  {v.t(`trouble.${one.code}.do`, one.args)}{" "}
                  {whereTo(one) === null ? null : <a href={whereTo(one)!}>{v.t("trouble.look")}</a>}
                </span>
                {one.code === "article-held" && one.source ? <Held v={v} source={one.source} /> : null}
              </span>
            </li>
          ))}
        </ul>
      ) : null}
    </section>
  );
}

/** Shown as what they are, with their buttons, or in the bar. */
const TOLD_ELSEWHERE = new Set(["delivery-asked", "delivery-old", "delivery-refused", "paused", "restored"]);

/** Moments in the newsroom's own time, not as programs write them. */
function said(v: View, args: Trouble["args"]): Trouble["args"] {
  const until = args["until"];
  return typeof until === "string" ? { ...args, until: v.when(new Date(until)) } : args;
}

function whereTo(one: Trouble): string | null {
  if (one.post) return `/posts/${one.post}`;
  if (one.article) return `/articles/${one.article}`;
  if (one.account) return "/accounts";
  if (one.source) return "/sources";
  if (one.code === "host-failing") return "/accounts";
  return null;
}

/** Stories that came in a flood: news, or only known from now on. */
function Held({ v, source }: { v: View; source: string }) {
  const off = decides(v) ? {} : { disabled: true, title: whyNot(v) };
  return (
    <span class="acts">
      {(["news", "known"] as const).map((answer) => (
        <form method="post" action={`/sources/${source}/held`}>
          <input type="hidden" name="answer" value={answer} />
          <button {...off}>{v.t(`held.${answer}`)}</button>
        </form>
      ))}
    </span>
  );
}

/** Surely not sent: it only grew old. */
const GREW_OLD = new Set(["too-old", "held-too-long"]);

/** A delivery nobody but a person can move on. */
export function Stuck({ v, delivery }: { v: View; delivery: DeliveryLine }) {
  const off = decides(v, delivery.account_id) ? {} : { disabled: true, title: whyNot(v, delivery.account_id) };
  const to = `/deliveries/${delivery.id}`;
  const old = delivery.state === "asked" && GREW_OLD.has(delivery.why ?? "");
  return (
    <article class="stuck" id={`delivery-${delivery.id}`}>
      <p>
        <Badge tone="bad">{v.t(`delivery.${old ? "stale" : delivery.state}`)}</Badge>{" "}
        <b>{v.t(`stuck.${old ? "old" : delivery.state}`, { account: delivery.account })}</b>{" "}
        <Ago v={v} at={delivery.unknown_at ?? delivery.updated_at} />{" "}
        {delivery.why === null ? null : <Reason v={v} why={delivery.why} />}
      </p>
      <blockquote dir={delivery.dir} {...(delivery.lang === null ? {} : { lang: delivery.lang })}>
        <a href={`/posts/${delivery.post_id}`}>{delivery.text}</a>
      </blockquote>
      <div class="acts">
        {delivery.why === "no-part-before" ? (
          <form method="post" action={`${to}/answer`} class="inline">
            <input type="hidden" name="answer" value="again" />
            <label>
              {v.t("part.before.url")}
              <input type="url" name="url" required placeholder="https://" dir="ltr" />
            </label>
            <button class="primary" {...off}>
              {v.t("part.before.do")}
            </button>
          </form>
        ) : delivery.state === "asked" && !old ? (
          <form method="post" action={`${to}/answer`} class="inline">
            <input type="hidden" name="answer" value="there" />
            <label>
              {v.t("stuck.url")}
              <input type="url" name="url" required placeholder="https://" dir="ltr" />
            </label>
            <button class="primary" {...off}>
              {v.t("stuck.there")}
            </button>
          </form>
        ) : null}
        {delivery.why === "no-part-before" ? null : (
          <form method="post" action={delivery.state === "asked" ? `${to}/answer` : `${to}/retry`}>
            <input type="hidden" name="answer" value="again" />
            <button {...off}>{v.t(old ? "stuck.still" : delivery.state === "asked" ? "stuck.again" : "stuck.retry")}</button>
          </form>
        )}
        <form method="post" action={delivery.state === "asked" ? `${to}/answer` : `${to}/drop`}>
          <input type="hidden" name="answer" value="drop" />
          <button class="danger" {...off}>
            {v.t("stuck.drop")}
          </button>
        </form>
      </div>
    </article>
  );
}
