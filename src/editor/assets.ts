import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import type { Context } from "hono";
import { projectRoot } from "../lib/root.ts";
import { topLevelDomains } from "../lib/text/tlds.ts";
import { createPacked, packingOf } from "./packed.ts";

export interface Assets {
  /** Their folder in addresses: changes with their content. */
  readonly folder: string;
  serve(c: Context): Promise<Response>;
}

const TYPES = { css: "text/css; charset=utf-8", js: "text/javascript; charset=utf-8", svg: "image/svg+xml" } as const;

/** All that browsers load from us, read once. The counting of characters is the server's own module. */
export function createAssets(): Assets {
  const own = (name: string) => readFileSync(`${projectRoot}/src/editor/assets/${name}`, "utf8");
  const htmx = (name: string) => readFileSync(`${projectRoot}/node_modules/htmx.org/dist/${name}`, "utf8");
  const files = new Map<string, string>([
    ["editor.css", own("editor.css")],
    ["editor.js", lean(own("editor.js"))],
    ["icon.svg", own("icon.svg")],
    // One file: an extension that arrives after htmx has begun is never heard of.
    ["htmx.js", ["htmx.min.js", "ext/hx-sse.min.js"].map((name) => withoutMap(htmx(name))).join("\n;")],
    ...["text/count", "text/emoji", "text/links", "text/punycode"].map(
      (name) => [`lib/${name}.js`, lean(moduleOf(name))] as const,
    ),
    ["lib/text/tlds.js", shortTlds(topLevelDomains())],
  ]);
  const hash = createHash("sha256");
  for (const [name, content] of files) hash.update(name).update(content);
  const version = hash.digest("hex").slice(0, 12);
  const packed = createPacked();
  return {
    folder: `/assets/${version}`,
    async serve(c) {
      const content = c.req.param("version") === version ? files.get(c.req.path.slice(`/assets/${version}/`.length)) : undefined;
      if (content === undefined) return c.text("Not found", 404);
      const type = TYPES[c.req.path.split(".").at(-1) as keyof typeof TYPES];
      const packing = packingOf(c.req.header("accept-encoding"));
      const headers = { "Content-Type": type, "Cache-Control": "public, max-age=31536000, immutable", Vary: "Accept-Encoding" };
      if (packing === undefined) return c.body(content, 200, headers);
      return c.body(await packed(content, packing), 200, { ...headers, "Content-Encoding": packing });
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

/**
 * A script of ours without its comments and indentation. Whole lines only, so that nothing inside a line can be mistaken:
 * our own modules hold no text over several lines in which such a line would count (a test compares what they count).
 */
function lean(script: string): string {
  return script
    .replaceAll(/^[ \t]*\/\*[^]*?\*\/[ \t]*\n/gm, "")
    .replaceAll(/^[ \t]*\/\/.*\n/gm, "")
    .replaceAll(/^[ \t]+/gm, "")
    .replaceAll(/\n{2,}/g, "\n");
}

/** The module of the top-level domains with each written as what it adds to the one before it: most of our script's weight. */
function shortTlds(alternatives: string): string {
  const all = alternatives.split("|");
  const countries = all.filter((one) => one.includes("["));
  let last = "";
  const coded = all
    .filter((one) => !one.includes("["))
    .toSorted()
    .map((one) => {
      const same = Math.min(
        9,
        Array.from(one).findIndex((_, at) => !last.startsWith(one.slice(0, at + 1))),
      );
      last = one;
      return `${same}${one.slice(same)}`;
    });
  return `let last = "";
const named = ${JSON.stringify(coded.join(""))}.match(/\\d\\D+/g).map((one) => (last = last.slice(0, one[0]) + one.slice(1)));
const all = [...named.toSorted((a, b) => b.length - a.length), ${JSON.stringify(countries.join("|"))}].join("|");
export const topLevelDomains = () => all;
`;
}
