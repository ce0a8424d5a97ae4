import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { createAssets } from "./assets.ts";
import type { EditorDeps } from "./deps.ts";
import { admit, guardHeaders, routeOf, sameOrigin, type EditorEnv } from "./door.ts";
import { createLanguages } from "./languages.ts";
import { createPages } from "./render.tsx";
import { routes } from "./routes.tsx";

/** The largest form we take: a post's text many times over. */
const LARGEST = 64 * 1024;

/** The newsroom's door: every page, form and fragment of the editor. Give its `fetch` to a server. */
export function createEditor(deps: EditorDeps): Hono<EditorEnv> {
  const assets = createAssets();
  const pages = createPages(deps, assets);
  const languages = deps.languages ?? createLanguages();
  const editor = new Hono<EditorEnv>();
  editor.use(async (c, next) => {
    c.set("languages", languages);
    await next();
  });
  editor.use(guardHeaders(deps));
  editor.use(sameOrigin(deps));
  editor.use(bodyLimit({ maxSize: LARGEST, onError: (c) => c.text("Too large", 413) }));
  editor.use(admit(deps, pages.problem));
  routes(editor, deps, assets, pages);
  // A route, not `notFound`: that would be lost where this is mounted into another Hono.
  editor.all("*", (c) => pages.problem(c, 404, "problem.404"));
  editor.onError((error, c) => {
    // The route, not the address: that may be somebody's sign-in link.
    deps.log.error({ err: error, route: routeOf(c)?.path }, "a page of the editor failed");
    return pages.problem(c, 500, "problem.500");
  });
  return editor;
}
