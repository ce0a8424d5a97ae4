import type { Context } from "hono";
import { may } from "../newsroom/person.ts";
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
  "answered",
  "retried",
  "dropped",
  "shortcuts",
]);

export function viewOf(c: Context<EditorEnv>, deps: EditorDeps, assets: Assets): View {
  return createView(deps, assets.folder, new Date(deps.clock.now()), c.get("person") ?? null);
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
  const [waiting, stop] = await Promise.all([waitingCount(deps.store), stopped(deps.store)]);
  const said = c.req.query("said");
  return {
    v,
    title: v.t(title, { count: waiting }),
    ...(here ? { here } : {}),
    path: withQuery(c.req.method === "GET" ? new URL(c.req.url).pathname + new URL(c.req.url).search : "/", {
      said: null,
      of: null,
    }),
    waiting,
    stopped: stop,
    mayStop: may(c.get("person").role, "stop"),
    said: said !== undefined && SAID.has(said) ? v.t(`said.${said}`) : undefined,
  };
}
