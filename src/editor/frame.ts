import type { Context } from "hono";
import { holdOf } from "../newsroom/hold.ts";
import { mayAnywhere, seenAccounts } from "../newsroom/person.ts";
import type { Assets } from "./assets.ts";
import type { EditorDeps } from "./deps.ts";
import type { EditorEnv } from "./door.ts";
import { withQuery } from "./forms.ts";
import type { Frame, Here } from "./parts/layout.tsx";
import { stopped } from "./read/newsroom.ts";
import { waitingCount } from "./read/queue.ts";
import { createView, type View } from "./view.ts";

/** What a page's address may say happened: a code, never free text. */
const SAID = new Set([
  "approved",
  "rejected",
  "held",
  "scheduled",
  "released",
  "saved",
  "stopped",
  "resumed",
  "hold-ended",
  "hold-open",
  "on-hold",
  "rehearsal-began",
  "rehearsal-ended",
  "rehearsal-declared",
  "rehearsal-held",
  "answered",
  "retried",
  "dropped",
  "shortcuts",
  "password",
  "email",
  "totp-on",
  "totp-off",
  "session-ended",
  "revoked",
  "rights",
  "disabled",
  "enabled",
  "lang",
  "connected",
  "not-connected",
]);

/** The language an address asks for (`?lang=ar`), before anybody has signed in; undefined where it asks for none of ours. */
export function askedLanguage(c: Context<EditorEnv>): string | undefined {
  return c.get("languages").find(c.req.query("lang") ?? "")?.lang;
}

export function viewOf(c: Context<EditorEnv>, deps: EditorDeps, assets: Assets): View {
  const person = c.get("person") ?? null;
  const languages = c.get("languages");
  const { languages: own } = deps.site;
  const asked = person ? undefined : askedLanguage(c);
  // Signed in: what the person chose. Else what the address asks for, what the browser would rather read, what the newsroom speaks.
  const language = person
    ? languages.first(person.lang, ...own)
    : languages.first(asked, languages.accepted(c.req.header("accept-language"))?.lang, ...own);
  return createView(deps, {
    assets: assets.folder,
    now: new Date(deps.clock.now()),
    person,
    languages,
    language,
    asked: asked !== undefined,
  });
}

/** What stands around every signed-in page, asked of the store now. */
export async function frameOf(
  c: Context<EditorEnv>,
  deps: EditorDeps,
  assets: Assets,
  title: string,
  here?: Here,
): Promise<Frame> {
  const v = viewOf(c, deps, assets);
  const [waiting, stop, hold] = await Promise.all([
    waitingCount(deps.store, seenAccounts(c.get("person"))),
    stopped(deps.store),
    holdOf(deps.store),
  ]);
  const said = c.req.query("said");
  return {
    v,
    title: v.t(title, { count: waiting }),
    ...(here ? { here } : {}),
    path: withQuery(c.req.method === "GET" ? new URL(c.req.url).pathname + new URL(c.req.url).search : "/", {
      said: null,
      of: null,
    }),
    still: c.req.method === "POST" || here === "me" || here === "people",
    waiting,
    stopped: stop,
    hold: hold ?? null,
    mayStop: mayAnywhere(c.get("person"), "stop"),
    said: said !== undefined && SAID.has(said) ? v.t(`said.${said}`) : undefined,
  };
}
