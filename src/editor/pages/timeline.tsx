import type { Page } from "../read/cursor.ts";
import type { Status as Row } from "../read/timeline.ts";
import { Ago, Empty, Older, Out } from "../parts/bits.tsx";
import { Layout, type Frame } from "../parts/layout.tsx";
import { Status } from "../parts/status.tsx";

/** What accounts in rehearsal "posted": a feed as followers would see it, with the clicks beneath. */
export function TimelinePage({ frame, page }: { frame: Frame; page: Page<Row> }) {
  const { v } = frame;
  return (
    <Layout {...frame}>
      <div class="feed">
        <h1>{v.t("timeline.title")}</h1>
        <p class="why">{v.t("timeline.note")}</p>
        {page.items.length === 0 ? <Empty title={v.t("timeline.empty")}>{v.t("timeline.empty.more")}</Empty> : null}
        {page.items.map((row) => (
          <article class="feed-post" id={`status-${row.id}`}>
            <Status
              v={v}
              network={row.network}
              account={row.account}
              handle={row.handle}
              text={row.text}
              lang={row.lang}
              dir="auto"
              spoiler={row.spoiler}
              sensitive={row.sensitive}
              link={row.link}
              follow
              media={row.media}
              card={row.card}
              target={row.target}
            />
            <footer>
              <span class="clicks-said">
                <b>{v.number(row.clicks)}</b> {v.t("links.clicks", { count: row.clicks })}
                {row.machines > 0 ? <span class="why"> · {v.t("links.machines", { count: row.machines })}</span> : null}
              </span>
              <span>
                <Ago v={v} at={row.at} />
                {row.edited_at ? ` · ${v.t("timeline.edited")}` : null} ·{" "}
                <a href={row.post_id === null ? "/posts" : `/posts/${row.post_id}`}>{v.t("act.details")}</a>
                {row.link === null ? null : (
                  <>
                    {" · "}
                    <Out href={row.link}>{v.t("timeline.follow")}</Out>
                  </>
                )}
              </span>
            </footer>
          </article>
        ))}
        <Older v={v} path="/timeline" next={page.next} />
      </div>
    </Layout>
  );
}
