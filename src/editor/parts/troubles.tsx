import type { Trouble } from "../../health/health.ts";
import type { DeliveryLine } from "../read/deliveries.ts";
import type { View } from "../view.ts";
import { Ago, Badge } from "./bits.tsx";

/** What is silent, late or wrong, each with what to do about it; and the deliveries that only a person can move on. */
export function Troubles({
  v,
  troubles,
  stuck,
  may,
}: {
  v: View;
  troubles: readonly Trouble[];
  stuck: readonly DeliveryLine[];
  may: boolean;
}) {
  const others = troubles.filter((one) => !TOLD_ELSEWHERE.has(one.code));
  return (
    <section id="troubles" class="troubles" aria-label={v.t("trouble.label")} hidden={others.length + stuck.length === 0}>
      {stuck.map((one) => (
        <Stuck v={v} delivery={one} may={may} />
      ))}
      {others.length > 0 ? (
        <ul>
          {others.map((one) => (
            <li class={one.severity}>
              <Badge tone={one.severity === "alarm" ? "bad" : "warn"}>{v.t(`severity.${one.severity}`)}</Badge>
              <span>
                <b>{v.t(`trouble.${one.code}`, one.args)}</b> {one.since ? <Ago v={v} at={one.since} /> : null}
                <span class="todo">
                  {v.t(`trouble.${one.code}.do`, one.args)}{" "}
                  {whereTo(one) === null ? null : <a href={whereTo(one)!}>{v.t("trouble.look")}</a>}
                </span>
                {one.code === "article-held" && one.source ? <Held v={v} source={one.source} may={may} /> : null}
              </span>
            </li>
          ))}
        </ul>
      ) : null}
    </section>
  );
}

/** Shown as what they are, with their buttons, or in the bar. */
const TOLD_ELSEWHERE = new Set(["delivery-asked", "delivery-refused", "paused"]);

function whereTo(one: Trouble): string | null {
  if (one.post) return `/posts/${one.post}`;
  if (one.article) return `/articles/${one.article}`;
  if (one.account) return "/accounts";
  if (one.source) return "/sources";
  return null;
}

/** Stories that came in a flood: news, or only known from now on. */
function Held({ v, source, may }: { v: View; source: string; may: boolean }) {
  const off = may ? {} : { disabled: true, title: v.t("may.not.decide") };
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

/** A delivery nobody but a person can move on. */
export function Stuck({ v, delivery, may }: { v: View; delivery: DeliveryLine; may: boolean }) {
  const off = may ? {} : { disabled: true, title: v.t("may.not.decide") };
  const to = `/deliveries/${delivery.id}`;
  return (
    <article class="stuck" id={`delivery-${delivery.id}`}>
      <p>
        <Badge tone="bad">{v.t(`delivery.${delivery.state}`)}</Badge>{" "}
        <b>{v.t(`stuck.${delivery.state}`, { account: delivery.account })}</b>{" "}
        <Ago v={v} at={delivery.unknown_at ?? delivery.updated_at} />
        {delivery.why === null ? null : <span class="why"> {delivery.why}</span>}
      </p>
      <blockquote dir={delivery.dir} {...(delivery.lang === null ? {} : { lang: delivery.lang })}>
        <a href={`/posts/${delivery.post_id}`}>{delivery.text}</a>
      </blockquote>
      <div class="acts">
        {delivery.state === "asked" ? (
          <form method="post" action={`${to}/answer`} class="inline">
            <input type="hidden" name="answer" value="there" />
            <label>
              {v.t("stuck.url")}
              <input type="url" name="url" required placeholder="https://" />
            </label>
            <button class="primary" {...off}>
              {v.t("stuck.there")}
            </button>
          </form>
        ) : null}
        <form method="post" action={delivery.state === "asked" ? `${to}/answer` : `${to}/retry`}>
          <input type="hidden" name="answer" value="again" />
          <button {...off}>{v.t(delivery.state === "asked" ? "stuck.again" : "stuck.retry")}</button>
        </form>
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
