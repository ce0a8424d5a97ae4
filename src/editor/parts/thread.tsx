import type { PartLine } from "../read/thread.ts";
import { ON_DESK } from "./acts.tsx";
import { AsShown, Length } from "./as-shown.tsx";
import { Badge } from "./bits.tsx";
import type { DeskProps } from "./desk.tsx";
import { Reason } from "./reason.tsx";

const AWAY: readonly (string | null)[] = ["sending", "unknown", "asked", "posted"];

/** A thread as its network shows it: its parts in order, each with what can still be done about it. */
export function Thread(props: DeskProps) {
  const { v, thread } = props;
  return (
    <>
      <ol class="thread" aria-label={v.t("part.list")}>
        {thread.map((part) => (
          <li id={`part-${part.id}`}>
            <Part {...props} part={part} />
          </li>
        ))}
      </ol>
      <p class="why">{v.t("part.note")}</p>
    </>
  );
}

function Part({ v, card, limits, mayWrite, thread, part }: DeskProps & { part: PartLine }) {
  const away = AWAY.includes(part.delivery_state);
  const removal = `/posts/${part.id}/removal`;
  return (
    <>
      <p class="badges">
        <b>{v.t("part.of", { part: part.part, parts: thread.length })}</b>{" "}
        <Badge tone={part.delivery_state === "posted" ? "good" : "quiet"}>
          {part.delivery_state === null ? v.t(`state.${part.state}`) : v.t(`delivery.${part.delivery_state}`)}
        </Badge>{" "}
        {part.delivery_why === null || part.delivery_state === "posted" ? null : <Reason v={v} why={part.delivery_why} />}
      </p>
      <AsShown v={v} by={card} post={part} />
      <div class="part-acts">
        {limits ? <Length v={v} post={part} limits={limits} /> : null}
        {mayWrite && !away ? (
          <a class="button" href={`/posts/${part.id}/edit`} hx-get={`/posts/${part.id}/edit`} {...ON_DESK}>
            {v.t("part.edit", { part: part.part })}
          </a>
        ) : null}
        {part.state === "waiting" && card.state !== "waiting" ? (
          <a class="button" href={`/?post=${part.id}`}>
            {v.t("part.decide", { part: part.part })}
          </a>
        ) : null}
        {mayWrite && !away && part.part > 1 ? (
          <form method="post" action={removal}>
            <input type="hidden" name="revision" value={part.revision} />
            <button>{v.t("part.remove", { part: part.part })}</button>
          </form>
        ) : null}
      </div>
    </>
  );
}

/** The text of a further part, at the end of the thread: a fold, so that single posts stay as plain as they are. */
export function AddPart({ v, card, thread }: DeskProps) {
  const last = thread.at(-1) ?? card;
  return (
    <details class="asking" data-fold>
      <summary class="button">{v.t("part.add")}</summary>
      <form class="asking-body" method="post" action={`/posts/${last.id}/parts`}>
        <input type="hidden" name="revision" value={last.revision} />
        <label>
          {v.t("part.add.text")}
          <textarea
            name="text"
            rows={5}
            required
            dir={card.dir}
            {...(card.lang === null ? {} : { lang: card.lang })}
            spellcheck
          />
        </label>
        <button class="primary">{v.t("part.add.do")}</button>
      </form>
    </details>
  );
}
