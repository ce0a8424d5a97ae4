import { describe, expect, test } from "vitest";
import { claims, type Rule } from "../../src/newsroom/rules.ts";

const rule = (given: Partial<Omit<Rule, "when">> & { when?: Partial<Rule["when"]> }): Rule => ({
  accounts: ["desk"],
  mode: null,
  priority: "normal",
  staleAfterS: null,
  reshare: null,
  ...given,
  when: { source: [], lang: [], tags: [], ...given.when },
});

const article = { lang: "en", tags: ["Breaking", "Weather"] };
const accounts = [
  { name: "desk", mode: "review" as const, lang: null },
  { name: "wire", mode: "auto" as const, lang: null },
];
const source = { name: "front", mode: null };

describe("who posts an article", () => {
  test("nobody, when no rule takes it", () => {
    expect(claims(article, [rule({ when: { lang: ["ar"] } })], accounts, source)).toEqual([]);
    expect(claims(article, [], accounts, source)).toEqual([]);
  });

  test("for each account the first rule that matches and names it decides", () => {
    const rules = [
      rule({ when: { tags: ["breaking"] }, accounts: ["wire"], mode: "review", priority: "breaking", staleAfterS: 7200 }),
      rule({ accounts: ["wire", "desk"], mode: "auto", staleAfterS: 60 }),
    ];
    expect(claims(article, rules, accounts, source)).toEqual([
      { account: "desk", mode: "auto", modeWhy: "rule 2", priority: "normal", staleAfterS: 60, reshare: null },
      { account: "wire", mode: "review", modeWhy: "rule 1", priority: "breaking", staleAfterS: 7200, reshare: null },
    ]);
  });

  test("where the rule says no mode the source does, and then the account", () => {
    const rules = [rule({ accounts: ["wire"] })];
    expect(claims(article, rules, accounts, { name: "front", mode: "review" })[0]).toMatchObject({
      mode: "review",
      modeWhy: "source front",
    });
    expect(claims(article, rules, accounts, source)[0]).toMatchObject({ mode: "auto", modeWhy: "account wire" });
  });

  test("every condition of a rule must hold, and of a list any one", () => {
    const takes = (when: Partial<Rule["when"]>) => claims(article, [rule({ when })], accounts, source).length === 1;
    expect(takes({ source: ["front"], lang: ["de", "en"], tags: ["sport", "weather"] })).toBe(true);
    expect(takes({ source: ["cms"], lang: ["en"] })).toBe(false);
    expect(takes({ lang: ["en"], tags: ["sport"] })).toBe(false);
  });

  test("a language takes its regions, not the other way round, and no other language that begins alike", () => {
    const takes = (lang: string | null, when: string) =>
      claims({ lang, tags: [] }, [rule({ when: { lang: [when] } })], accounts, source).length === 1;
    expect(takes("de-AT", "de")).toBe(true);
    expect(takes("de", "de-AT")).toBe(false);
    expect(takes("arz", "ar")).toBe(false);
    expect(takes(null, "en")).toBe(false);
  });

  test("an account with a language is given no other one, unless the rule names it, and what nobody can name only to decide about", () => {
    const english = [{ name: "x-en", mode: "auto" as const, lang: "en" }];
    const given = (lang: string | null, when: Partial<Rule["when"]> = {}) =>
      claims({ lang, tags: [] }, [rule({ when, accounts: ["x-en"] })], english, source);
    expect(given("en-GB")).toMatchObject([{ mode: "auto" }]);
    expect(given("ar")).toEqual([]);
    expect(given("ar", { lang: ["ar"] })).toMatchObject([{ mode: "auto" }]);
    expect(given(null)).toMatchObject([{ mode: "review", modeWhy: "language unknown" }]);
  });
});
