import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { createMessages } from "../../src/editor/messages.ts";
import { momentAt, wallTime } from "../../src/lib/zone.ts";
import { pieces } from "../../src/editor/parts/status.tsx";
import { projectRoot } from "../../src/lib/root.ts";

const folder = `${projectRoot}/src/editor`;
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));
const source = files.map((name) => readFileSync(`${folder}/${name}`, "utf8")).join("\n");
const keys = Object.keys(JSON.parse(readFileSync(`${folder}/messages/en.json`, "utf8")) as Record<string, string>).filter(
  (key) => key !== "_",
);
const about = (intl: string) => ({ _: { name: intl, checked: true, unchecked: "", intl } });

describe("messages", () => {
  // Keys are written out, or are a family: a template whose beginning names it.
  const written = new Set([...source.matchAll(/"([a-z][a-zA-Z]*(?:\.[a-zA-Z0-9-]+)+|signedOut)"/g)].map((match) => match[1]!));
  const families = [...source.matchAll(/`([a-zA-Z]+(?:\.[a-zA-Z]+)*\.)\$\{/g)].map((match) => match[1]!);

  test("every key used is there", () => {
    const asked = [...source.matchAll(/\bt\("([^"]+)"/g)].map((match) => match[1]!);
    expect(asked.length).toBeGreaterThan(100);
    expect(asked.filter((key) => !keys.includes(key))).toEqual([]);
    expect(families.filter((family) => !keys.some((key) => key.startsWith(family)))).toEqual([]);
  });

  test("every key there is used", () => {
    const problems = (key: string) => key.startsWith("problem.");
    expect(
      keys.filter((key) => !written.has(key) && !problems(key) && !families.some((family) => key.startsWith(family))),
    ).toEqual([]);
  });

  test("numbers and plurals are said as the language says them", () => {
    const { t } = createMessages("en", { ...about("en"), a: "{n, plural, =0 {nothing} one {# post} other {# posts}} for {who}" });
    expect([t("a", { n: 0, who: "x" }), t("a", { n: 1, who: "x" }), t("a", { n: 1200, who: "{n}" })]).toEqual([
      "nothing for x",
      "1 post for x",
      "1,200 posts for {n}",
    ]);
    expect(createMessages("ar", { ...about("ar"), a: "{n, plural, two {اثنان} other {#}}" }).t("a", { n: 2 })).toBe("اثنان");
  });
});

test("style knows no left and right, so that it fits both directions of writing", () => {
  const css = readFileSync(`${folder}/assets/editor.css`, "utf8").replaceAll(/\/\*.*?\*\//gs, "");
  expect(
    css.match(
      /(?:^|[\s;{-])(?:left|right)\b(?=\s*:|;|-)|(?:margin|padding|border)-(?:left|right|top|bottom)|(?:^|\s)(?:width|height|top|bottom)\s*:/gm,
    ),
  ).toBeNull();
});

test("what every page loads of scripts stays under 30 kB compressed", () => {
  const modules = `${projectRoot}/node_modules/htmx.org/dist`;
  const scripts = [`${folder}/assets/editor.js`, `${modules}/htmx.min.js`, `${modules}/ext/hx-sse.min.js`];
  const bytes = gzipSync(scripts.map((path) => readFileSync(path, "utf8")).join("\n")).length;
  expect(bytes).toBeLessThan(30_000);
});

describe("the newsroom's clocks", () => {
  test("a time is read where it is written, in summer and winter", () => {
    expect(momentAt("2026-07-01T12:00", "Europe/Berlin")?.toISOString()).toBe("2026-07-01T10:00:00.000Z");
    expect(momentAt("2026-12-01T12:00", "Europe/Berlin")?.toISOString()).toBe("2026-12-01T11:00:00.000Z");
    expect(wallTime(new Date("2026-12-01T11:00:00Z"), "Asia/Damascus")).toBe("2026-12-01T14:00");
  });

  test("a time the clocks skip is when they go on; of a time they show twice it is the first", () => {
    expect(momentAt("2026-03-29T02:30", "Europe/Berlin")?.toISOString()).toBe("2026-03-29T01:00:00.000Z");
    expect(momentAt("2026-10-25T02:30", "Europe/Berlin")?.toISOString()).toBe("2026-10-25T00:30:00.000Z");
    expect(momentAt("tomorrow", "Europe/Berlin")).toBeNull();
    expect(momentAt("2026-04-31T12:00", "Europe/Berlin")).toBeNull();
  });
});

test("a post's links and tags stand out, also its own link on loopback", () => {
  const text = "Read http://127.0.0.1:3001/abc now #news، #خبر https://example.org/a.";
  expect(pieces(text, "http://127.0.0.1:3001/abc").filter((piece) => piece.kind !== "text")).toEqual([
    { kind: "link", text: "http://127.0.0.1:3001/abc" },
    { kind: "tag", text: "#news" },
    { kind: "tag", text: "#خبر" },
    { kind: "link", text: "https://example.org/a" },
  ]);
});
