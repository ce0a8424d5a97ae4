import type { Waiting } from "../read/queue.ts";
import type { View } from "../view.ts";
import { ON_DESK } from "./acts.tsx";
import { Ago, Avatar, Badge } from "./bits.tsx";

/** The queue's list: breaking first, then the oldest. */
export function WaitingList({
  v,
  rows,
  count,
  selected,
}: {
  v: View;
  rows: readonly Waiting[];
  count: number;
  selected: string | undefined;
}) {
  return (
    <nav id="waiting" class="waiting" aria-label={v.t("queue.list")}>
      <h1>{v.t("queue.title", { count })}</h1>
      <ol>
        {rows.map((row) => (
          <li id={`row-${row.id}`} class={row.priority}>
            <a
              href={`/?post=${row.id}`}
              hx-get={`/?post=${row.id}`}
              {...ON_DESK}
              data-row={row.id}
              {...(row.id === selected ? { "aria-current": "true" } : {})}
            >
              <Avatar name={row.account} />
              <span class="row-body">
                <span class="row-head">
                  <b>{row.account}</b>
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
                  {row.lang === null ? null : <Badge>{v.language(row.lang)}</Badge>}
                  {row.not_after && row.not_after <= v.now ? <Badge tone="warn">{v.t("badge.stale")}</Badge> : null}
                </span>
              </span>
            </a>
          </li>
        ))}
      </ol>
      {count > rows.length ? <p class="why">{v.t("queue.more", { count: count - rows.length })}</p> : null}
    </nav>
  );
}
