import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import type { Context } from "hono";
import { projectRoot } from "../lib/root.ts";

export interface Assets {
  /** Their folder in addresses: changes with their content. */
  readonly folder: string;
  serve(c: Context): Response;
}

const TYPES = { css: "text/css; charset=utf-8", js: "text/javascript; charset=utf-8", svg: "image/svg+xml" } as const;

/** All that browsers load from us, read once. The counting of characters is the server's own module. */
export function createAssets(): Assets {
  const own = (name: string) => readFileSync(`${projectRoot}/src/editor/assets/${name}`, "utf8");
  const htmx = (name: string) => readFileSync(`${projectRoot}/node_modules/htmx.org/dist/${name}`, "utf8");
  const files = new Map<string, string>([
    ["editor.css", own("editor.css")],
    ["editor.js", own("editor.js")],
    ["icon.svg", own("icon.svg")],
    // One file: an extension that arrives after htmx has begun is never heard of.
    ["htmx.js", ["htmx.min.js", "ext/hx-sse.min.js"].map((name) => withoutMap(htmx(name))).join("\n;")],
    ["lib/text/count.js", moduleOf("text/count")],
    ["lib/fault.js", moduleOf("fault")],
  ]);
  const hash = createHash("sha256");
  for (const [name, content] of files) hash.update(name).update(content);
  const version = hash.digest("hex").slice(0, 12);
  return {
    folder: `/assets/${version}`,
    serve(c) {
      const content = c.req.param("version") === version ? files.get(c.req.path.slice(`/assets/${version}/`.length)) : undefined;
      if (content === undefined) return c.text("Not found", 404);
      const type = TYPES[c.req.path.split(".").at(-1) as keyof typeof TYPES];
      return c.body(content, 200, { "Content-Type": type, "Cache-Control": "public, max-age=31536000, immutable" });
    },
  };
}

/** A module of `lib` as browsers read it: the built one beside us, or the source with its types stripped. */
function moduleOf(name: string): string {
  if (import.meta.url.endsWith(".js")) return withoutMap(readFileSync(new URL(`../lib/${name}.js`, import.meta.url), "utf8"));
  const source = readFileSync(new URL(`../lib/${name}.ts`, import.meta.url), "utf8");
  return stripTypeScriptTypes(source).replaceAll(/(from ".*)\.ts"/g, '$1.js"');
}

function withoutMap(script: string): string {
  return script.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "");
}
