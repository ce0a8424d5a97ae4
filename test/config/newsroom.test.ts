import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { NETWORK_NAMES } from "../../src/config/networks.ts";
import { faultsOf, parsed, SITE } from "./support.ts";

const SECRET = Buffer.alloc(32, 7).toString("base64");

describe("a newsroom's file", () => {
  test("the example is right, and every duration becomes seconds", () => {
    const example = readFileSync(new URL("../../config/newsroom.example.yaml", import.meta.url), "utf8");
    const newsroom = parsed(example, {
      CMS_SECRET: SECRET,
      WEBHOOK_SECRET: SECRET,
      ...Object.fromEntries(
        "MASTO_TOKEN X_APP_KEY X_APP_SECRET X_TOKEN X_TOKEN_SECRET BSKY_PASSWORD TELEGRAM_TOKEN"
          .split(" ")
          .map((name) => [name, "t"]),
      ),
    });
    expect(new Set(newsroom.accounts.map(({ network }) => network)), "an account on every network").toEqual(
      new Set(NETWORK_NAMES),
    );
    expect(newsroom.sources[0]).toMatchObject({
      name: "front",
      kind: "feed",
      intervalS: 60,
      postNewest: 0,
      lang: null,
      mode: null,
    });
    expect(newsroom.accounts[0]).toMatchObject({ spacingS: 180, settings: { tokenEnv: "MASTO_TOKEN", visibility: "public" } });
    expect(newsroom.rules[0]).toMatchObject({
      when: { source: ["cms"], lang: [], tags: ["breaking"] },
      priority: "breaking",
      staleAfterS: 7200,
    });
    expect(newsroom.voices["plain"]?.utm).toEqual({ source: "{network}", medium: "social" });
  });

  test("only the site must be told; an account without a voice speaks plainly", () => {
    const newsroom = parsed(`${SITE}accounts: [{ name: a, network: rehearsal }]`);
    expect(newsroom.accounts[0]).toMatchObject({ voice: "plain", mode: "review", server: "", onUnknown: "ask", spacingS: 0 });
    expect(newsroom.voices["plain"]?.text).toContain("{link}");
  });

  test("our own feeds are asked every minute, strangers' every hour, unless the file says otherwise", () => {
    const feeds = ["https://example.org/f", "https://news.example.org/f", "https://other.example/f"];
    const list = feeds.map((url, at) => `{ name: f${at}, kind: feed, url: "${url}" }`);
    const intervals = parsed(`${SITE}sources: [${list.join(", ")}]`).sources.map((source) =>
      source.kind === "feed" ? source.intervalS : 0,
    );
    expect(intervals).toEqual([60, 60, 3600]);
  });
});

describe("every fault of a newsroom's file is told at once", () => {
  test("each with its line, its path and what would be right", () => {
    const faults = faultsOf(() =>
      parsed(`${SITE}sources:
  - { name: front, kind: feed, url: "javascript:alert(1)" }
  - { name: front, kind: feed, url: https://example.org/b, interval: 1s }
  - { name: push, kind: hook, format: ghost, secretEnv: HOOK }
accounts:
  - name: masto
    network: mastodn
    server: https://mastodon.example
    tokenEnv: MASTO
    voice: plian
voices:
  short: { text: "{headlin} {link}{link}", giveWay: [link] }
rules:
  - { when: { source: cms }, accounts: [mastoo], staleAfter: soon }
`),
    );
    const at = (line: number, path: string, what: RegExp) =>
      expect(
        faults.find((fault) => fault.startsWith(`config/newsroom.yaml:${line} ${path}:`) && what.test(fault)),
        `${path} in\n${faults.join("\n")}`,
      ).toBeDefined();
    at(3, "sources[0].url", /http/);
    at(4, "sources[1].name", /already the name of sources\[0\]/);
    at(4, "sources[1].interval", /between 30s and 7d/);
    at(5, "sources[2].format", /standard/);
    at(5, "sources[2].secretEnv", /HOOK is not set/);
    at(8, "accounts[0].network", /Did you mean "mastodon"/);
    at(10, "accounts[0].tokenEnv", /MASTO is not set/);
    at(11, "accounts[0].voice", /Did you mean "plain"/);
    at(13, "voices.short.text", /no \{headlin\}.*"headline"/);
    at(13, "voices.short.text", /\{link\} exactly once/);
    at(13, "voices.short.giveWay[0]", /tags, summary.second, summary/);
    at(15, "rules[0].when.source", /no source "cms"/);
    at(15, "rules[0].accounts[0]", /Did you mean "masto"/);
    at(15, "rules[0].staleAfter", /such as 12h/);
    expect(faults.toSorted((a, b) => Number(a.split(/[: ]/)[1]) - Number(b.split(/[: ]/)[1]))).toEqual(faults);
  });

  test("a key nobody knows is refused at its own line, with the nearest that is known", () => {
    const faults = faultsOf(() =>
      parsed(`${SITE}accounts:\n  - name: a\n    network: rehearsal\n    spaceing: 3m\n    zzzzzzzz: 1\n`),
    );
    expect(faults[0]).toBe('config/newsroom.yaml:5 accounts[0].spaceing: is not known here. Did you mean "spacing"?');
    expect(faults[1]).toMatch(/^config\/newsroom.yaml:6 accounts\[0\].zzzzzzzz: is not known here. Known: name, network,/);
  });

  test("a secret where a variable's name belongs is refused and never repeated", () => {
    for (const secret of ["hunter2-Secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "AKIAIOSFODNN7EXAMPLEKEY0"]) {
      const told = faultsOf(() =>
        parsed(`${SITE}accounts: [{ name: a, network: mastodon, server: https://m.example, tokenEnv: ${secret} }]`),
      ).join("\n");
      expect(told).toMatch(/accounts\[0\].tokenEnv: must be the NAME of an environment variable, such as MASTO_TOKEN/);
      expect(told).not.toContain(secret);
    }
    const pasted = faultsOf(() => parsed(`${SITE}accounts: [{ name: a, network: mastodon, token: hunter2 }]`)).join("\n");
    expect(pasted).toMatch(/Did you mean "tokenEnv"/);
    expect(pasted).not.toContain("hunter2");
  });

  test("a password in an address, or in a line that is no YAML, is not repeated either", () => {
    expect(
      faultsOf(() => parsed(`${SITE}sources: [{ name: f, kind: feed, url: "https://me:hunter2@example.org/" }]`)).join(),
    ).not.toContain("hunter2");
    const broken = faultsOf(() => parsed(`${SITE}accounts:\n  - token: "hunter2\n   - x: [\n`)).join("\n");
    expect(broken).toMatch(/^config\/newsroom.yaml:\d+ is no readable YAML/);
    expect(broken).not.toContain("hunter2");
  });

  test("a webhook secret too weak to sign with is told with the command that makes one", () => {
    const hook = `${SITE}sources: [{ name: h, kind: hook, secretEnv: HOOK }]`;
    expect(faultsOf(() => parsed(hook, { HOOK: "short" })).join()).toMatch(/openssl rand -base64 32/);
    expect(faultsOf(() => parsed(hook, { HOOK: `whsec_${SECRET}` }))).toEqual([]);
  });

  test("an empty file says what is missing", () => {
    expect(faultsOf(() => parsed(""))).toEqual([expect.stringMatching(/^config\/newsroom.yaml:1 site: is missing: .*such as/)]);
  });

  test("an account in rehearsal needs neither server nor token", () => {
    expect(faultsOf(() => parsed(`${SITE}accounts: [{ name: a, network: mastodon, rehearsal: true }]`))).toEqual([]);
    expect(faultsOf(() => parsed(`${SITE}accounts: [{ name: a, network: mastodon }]`))).toHaveLength(2);
  });
});
