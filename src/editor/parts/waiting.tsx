import type { Waiting, WaitingWindow } from "../read/queue.ts";
import type { View } from "../view.ts";
import { ON_DESK } from "./acts.tsx";
import { Ago, Avatar, Badge, Kind } from "./bits.tsx";

/** Said once, of all the rows. */
const ROWS_ON_DESK = Object.fromEntries(Object.entries(ON_DESK).map(([name, value]) => [`${name}:inherited`, value]));

/** The part of the queue around the selected post: breaking first, then the oldest. */
export function WaitingList({
  v,
  shown,
  count,
  selected,
}: {
  v: View;
  shown: WaitingWindow;
  count: number;
  selected: string | undefined;
}) {
  return (
    <nav id="waiting" class="waiting" aria-label={v.t("queue.list")} data-at={shown.at} {...ROWS_ON_DESK}>
      <WaitingTitle v={v} count={count} />
      <Further id={shown.previous} rel="prev" text={v.t("queue.before", { count: shown.before })} />
      <ol>
        {shown.rows.map((row) => (
          <li id={`row-${row.id}`} class={row.priority}>
            <Row v={v} row={row} selected={row.id === selected} />
          </li>
        ))}
      </ol>
      <Further id={shown.next} rel="next" text={v.t("queue.more", { count: shown.after })} />
    </nav>
  );
}

export function WaitingTitle({ v, count }: { v: View; count: number }) {
  return <h1 id="waiting-title">{v.t("queue.title", { count })}</h1>;
}

/** The way to the rows beyond the shown ones: opens the first of them, with its part of the list. */
function Further({ id, rel, text }: { id: string | null; rel: "prev" | "next"; text: string }) {
  if (id === null) return null;
  return (
    <p class="why">
      <a class="button" rel={rel} href={`/?post=${id}`} hx-get={`/?post=${id}&list`}>
        {text}
      </a>
    </p>
  );
}

function Row({ v, row, selected }: { v: View; row: Waiting; selected: boolean }) {
  return (
    <a href={`/?post=${row.id}`} hx-get={`/?post=${row.id}`} data-row={row.id} {...(selected ? { "aria-current": "true" } : {})}>
      <Avatar name={row.account} />
      <span class="row-body">
        <span class="row-head">
          <b>
            <bdi>{row.account}</bdi>
          </b>
          <span class="row-age">
            <Ago v={v} at={row.created_at} />
          </span>
        </span>
        <span class="row-text" dir={row.dir} {...(row.lang === null ? {} : { lang: row.lang })}>
          {row.title === "" ? row.text : row.title}
        </span>
        <span class="badges">
          {row.priority === "breaking" ? <Badge tone="breaking">{v.t("badge.breaking")}</Badge> : null}
          {row.mode === "auto" ? <Badge tone="auto">{v.t("badge.auto")}</Badge> : null}
          <Kind v={v} occasion={row.occasion} parts={row.parts} />
          {row.lang === null ? null : <Badge>{v.language(row.lang)}</Badge>}
          {row.not_after && row.not_after <= v.now ? <Badge tone="warn">{v.t("badge.stale")}</Badge> : null}
        </span>
      </span>
    </a>
  );
}
