import type { Page } from "../read/cursor.ts";
import type { EventLine } from "../read/history.ts";
import type { LinkLine } from "../read/links.ts";
import { Empty, Older } from "../parts/bits.tsx";
import { Layout, type Frame } from "../parts/layout.tsx";
import { EventRow, LinkRow } from "../parts/lines.tsx";

/** Links with their clicks. */
export function LinksPage({
  frame,
  page,
  today,
}: {
  frame: Frame;
  page: Page<LinkLine>;
  today: { clicks: number; machines: number };
}) {
  const { v } = frame;
  return (
    <Layout {...frame}>
      <div class="sheet">
        <h1>{v.t("links.title")}</h1>
        <p class="figure">
          <b>{v.number(today.clicks)}</b> {v.t("links.today", { count: today.clicks })}
          <span class="why"> {v.t("links.machines", { count: today.machines })}</span>
        </p>
        {page.items.length === 0 ? <Empty title={v.t("links.empty")} /> : null}
        <ul class="lines">
          {page.items.map((link) => (
            <LinkRow v={v} link={link} />
          ))}
        </ul>
        <Older v={v} path="/links" next={page.next} />
      </div>
    </Layout>
  );
}

/** What happened, as sentences. */
export function HistoryPage({ frame, page }: { frame: Frame; page: Page<EventLine> }) {
  const { v } = frame;
  return (
    <Layout {...frame}>
      <div class="sheet">
        <h1>{v.t("nav.history")}</h1>
        {page.items.length === 0 ? <Empty title={v.t("history.empty")} /> : null}
        <ol class="events">
          {page.items.map((event) => (
            <EventRow v={v} event={event} />
          ))}
        </ol>
        <Older v={v} path="/history" next={page.next} />
      </div>
    </Layout>
  );
}
