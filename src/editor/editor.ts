import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { createAssets } from "./assets.ts";
import type { EditorDeps } from "./deps.ts";
import { guardHeaders, needsSession, sameOrigin, type EditorEnv } from "./door.ts";
import { createPages } from "./render.tsx";
import { routes } from "./routes.tsx";

/** The largest form we take: a post's text many times over. */
const LARGEST = 64 * 1024;

/** The newsroom's door: every page, form and fragment of the editor. Give its `fetch` to a server. */
export function createEditor(deps: EditorDeps): Hono<EditorEnv> {
  const assets = createAssets();
  const pages = createPages(deps, assets);
  const editor = new Hono<EditorEnv>();
  editor.use(guardHeaders(deps));
  editor.use(sameOrigin(deps));
  editor.use(bodyLimit({ maxSize: LARGEST, onError: (c) => c.text("Too large", 413) }));
  editor.use(needsSession(deps));
  routes(editor, deps, assets, pages);
  // A route, not `notFound`: that would be lost where this is mounted into another Hono.
  editor.all("*", (c) => pages.problem(c, 404, "problem.404"));
  editor.onError((error, c) => {
    deps.log.error({ err: error, path: c.req.path }, "a page of the editor failed");
    return pages.problem(c, 500, "problem.500");
  });
  return editor;
}
