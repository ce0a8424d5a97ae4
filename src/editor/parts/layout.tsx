import type { Child } from "hono/jsx";
import type { Hold } from "../../newsroom/hold.ts";
import type { Stopped } from "../read/newsroom.ts";
import { may } from "../../newsroom/person.ts";
import type { View } from "../view.ts";
import { Help } from "./help.tsx";
import { OnHold } from "./hold.tsx";
import { When } from "./bits.tsx";
import { LanguagePicker } from "./languages.tsx";

export type Here = "queue" | "posts" | "timeline" | "articles" | "links" | "accounts" | "sources" | "history" | "people" | "me";
const PLACES: readonly Here[] = ["queue", "posts", "timeline", "articles", "links", "accounts", "sources", "history", "people"];

export interface Frame {
  readonly v: View;
  readonly title: string;
  readonly here?: Here;
  /** Path of this page, to come back to. */
  readonly path: string;
  /** No bell rings for it: a page of forms, or the answer to a POST, whose address cannot be read again. */
  readonly still: boolean;
  readonly waiting: number;
  readonly stopped: Stopped | null;
  /** After a restore: nothing is sent until it ends. */
  readonly hold: Hold | null;
  /** May press the stop switch. */
  readonly mayStop: boolean;
  /** What just happened, for the live region. */
  readonly said?: string | undefined;
}

/** The whole page around a signed-in person's content. */
export function Layout({ children, ...frame }: Frame & { children: Child }) {
  const { v, title, said } = frame;
  return (
    <Document v={v} title={title} live={frame.still ? "still" : "bell"}>
      <a class="skip" href="#main">
        {v.t("nav.skip")}
      </a>
      <Top {...frame} />
      <div id="problem" role="alert" />
      <p id="signed-out" role="alert" hidden>
        {v.t("signedOut")}{" "}
        <a href="/sign-in" target="_blank">
          {v.t("signIn.again")}
        </a>
      </p>
      <p id="said" role="status" aria-live="polite">
        {said ?? ""}
      </p>
      <main id="main" tabindex={-1}>
        {children}
      </main>
      <Help v={v} />
    </Document>
  );
}

/** What a desk's change brings along to a page that stands already. */
export function Changes({ children, ...frame }: Frame & { children: Child }) {
  return (
    <>
      <title>{titleOf(frame)}</title>
      <Top {...frame} />
      <p id="said">{frame.said ?? ""}</p>
      {children}
    </>
  );
}

const titleOf = ({ v, title }: { v: View; title: string }) => `${title} · ${v.siteName}`;

export function Document({ v, title, live, children }: { v: View; title: string; live?: "bell" | "still"; children: Child }) {
  return (
    <html lang={v.lang} dir={v.dir} data-numbers={v.numbers}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="htmx-config" content='{"includeIndicatorCSS":false,"history":true}' />
        <title>{titleOf({ v, title })}</title>
        <link rel="icon" href={`${v.assets}/icon.svg`} type="image/svg+xml" />
        <link rel="stylesheet" href={`${v.assets}/editor.css`} />
        {/* Ours first: it listens before htmx opens the stream, whose first bell rings at once. */}
        {live ? <script src={`${v.assets}/editor.js`} type="module" /> : null}
        {live ? <script src={`${v.assets}/htmx.js`} defer /> : null}
      </head>
      <body {...(live ? { "data-shortcuts": v.person?.shortcuts === false ? "off" : "on" } : {})}>
        {children}
        {live === "bell" ? <div id="bell" hidden hx-sse:connect="/live" /> : null}
      </body>
    </html>
  );
}

function Top({ v, here, waiting, stopped, hold, mayStop, path }: Frame) {
  return (
    <header id="top">
      <div class="bar">
        <a class="wordmark" href="/">
          <span aria-hidden="true" class="mark" /> Slugline
        </a>
        <nav aria-label={v.t("nav.label")}>
          <ul>
            {PLACES.filter((place) => place !== "people" || (v.person && may(v.person, "manage"))).map((place) => (
              <li>
                <a href={place === "queue" ? "/" : `/${place}`} {...(place === here ? { "aria-current": "page" } : {})}>
                  {v.t(`nav.${place}`)}
                  {place === "queue" && waiting > 0 ? <span class="count">{v.number(waiting)}</span> : null}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="bar-end">
          {stopped || hold ? null : <Switch v={v} path={path} stopped={false} mayStop={mayStop} />}
          <details class="menu">
            <summary>
              <bdi>{v.person?.name ?? ""}</bdi>
            </summary>
            <div class="menu-body">
              <a class="button" href="/me">
                {v.t("me.title")}
              </a>
              <form method="post" action="/me/shortcuts">
                <input type="hidden" name="back" value={path} />
                <input type="hidden" name="on" value={v.person?.shortcuts ? "no" : "yes"} />
                <button>{v.person?.shortcuts ? v.t("me.shortcuts.off") : v.t("me.shortcuts.on")}</button>
              </form>
              <button type="button" data-help hidden>
                {v.t("help.open")}
              </button>
              <LanguagePicker v={v} back={path} />
              <form method="post" action="/sign-out">
                <button>{v.t("me.signOut")}</button>
              </form>
            </div>
          </details>
        </div>
      </div>
      {hold ? (
        <OnHold v={v} hold={hold} path={path} />
      ) : stopped ? (
        <div class="stopped">
          <div>
            <b>{v.t("stop.stopped")}</b>
            <span>
              {stopped.by === null ? null : v.t("stop.by", { who: stopped.by })} <When v={v} at={stopped.at} />
              {stopped.why ? (
                <>
                  {" · "}
                  <bdi>{stopped.why}</bdi>
                </>
              ) : null}
            </span>
          </div>
          <Switch v={v} path={path} stopped mayStop={mayStop} />
        </div>
      ) : null}
    </header>
  );
}

function Switch({ v, path, stopped, mayStop }: { v: View; path: string; stopped: boolean; mayStop: boolean }) {
  const action = stopped ? "/resume" : "/pause";
  return (
    <form
      method="post"
      action={action}
      hx-post={action}
      hx-target="#top"
      hx-select="#top"
      hx-swap="outerHTML"
      hx-select-oob="#said:innerHTML"
    >
      <input type="hidden" name="back" value={path} />
      <button class={stopped ? "go" : "stop"} disabled={!mayStop} title={mayStop ? undefined : v.t("may.not.stop")}>
        {stopped ? v.t("stop.resume") : v.t("stop.pause")}
      </button>
    </form>
  );
}
