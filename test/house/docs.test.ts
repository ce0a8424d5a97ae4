import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseNewsroom } from "../../src/config/newsroom.ts";
import { DELIVERY_HAPPENINGS, DELIVERY_STATES, nextDelivery } from "../../src/delivery/delivery.ts";
import { projectRoot } from "../../src/lib/root.ts";
import { nextPost, POST_HAPPENINGS, POST_STATES } from "../../src/post/post.ts";

const pages = ["README.md", "CHANGELOG.md", ...globSync("docs/**/*.md", { cwd: projectRoot })].toSorted();
const read = (page: string) => readFileSync(join(projectRoot, page), "utf8");

describe.each(pages)("%s is true of the tree", (page) => {
  const text = read(page);

  test("every file it names is there", () => {
    const named = [...text.matchAll(/`((?:src|test|bench|bin|config|docs)\/[\w./-]*\w)`/g)].map((match) => match[1] ?? "");
    // What the reader is told to make.
    const made = /^config\/newsroom\.yaml$|\/yours\./;
    expect(named.filter((path) => !made.test(path) && !existsSync(join(projectRoot, path)))).toEqual([]);
  });

  test("every function stands in the file it names for it", () => {
    const told = [...text.matchAll(/`(\w+)\(\)` in `(src\/[\w./-]+)`/g)].map(([, name = "", path = ""]) => ({ name, path }));
    const missing = told.filter(({ name, path }) => {
      const file = join(projectRoot, path);
      return !existsSync(file) || !new RegExp(`\\b(?:function|const) ${name}\\b`).test(readFileSync(file, "utf8"));
    });
    expect(missing).toEqual([]);
  });

  test("every link of it leads somewhere", () => {
    const links = [...text.matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? "");
    const inside = links.filter((link) => !/^[a-z]+:/.test(link));
    expect(inside.filter((link) => !existsSync(join(projectRoot, dirname(page), link)))).toEqual([]);
  });
});

test("docs/architecture.md says how posts and deliveries move as the code does", () => {
  const text = read("docs/architecture.md");
  const row = (state: string, moves: readonly (readonly [string, string | null])[]) => {
    const told = moves.filter(([, to]) => to !== null).map(([happening, to]) => `${happening} → \`${to}\``);
    return `| \`${state}\` | ${told.length > 0 ? `${told.join(", ")} ` : ""}|`;
  };
  for (const state of POST_STATES)
    expect(text).toContain(
      row(
        state,
        POST_HAPPENINGS.map((it) => [it, nextPost(state, it, false)] as const),
      ),
    );
  for (const state of DELIVERY_STATES)
    expect(text).toContain(
      row(
        state,
        DELIVERY_HAPPENINGS.map((it) => [it, nextDelivery(state, it)] as const),
      ),
    );
});

test("the newsroom.yaml of the README is one that Slugline takes", () => {
  const yaml = /```yaml\n([^]*?)```/.exec(read("README.md"))?.[1] ?? "";
  const secret = Buffer.alloc(32, 7).toString("base64");
  expect(parseNewsroom(yaml, "README.md", () => secret).accounts.map(({ name }) => name)).toEqual(["masto-en"]);
});

test("every fault a person can meet is in docs/operations.md", () => {
  const text = read("docs/operations.md");
  const codes = new Set<string>();
  for (const file of globSync("src/{store,queue,config,health,redirect,newsroom,cli}/**/*.ts", { cwd: projectRoot })) {
    for (const match of read(file).matchAll(/new Fault\(\s*"([A-Z_]+)"/g)) codes.add(match[1] ?? "");
  }
  expect(codes.size).toBeGreaterThan(20);
  expect([...codes].filter((code) => !text.includes(`\`${code}\``)).toSorted()).toEqual([]);
});
