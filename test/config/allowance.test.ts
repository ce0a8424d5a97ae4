import { describe, expect, test } from "vitest";
import { usualLimits } from "../../src/app/networks.ts";
import { NETWORK_NAMES, NETWORKS } from "../../src/config/networks.ts";
import { faultsOf, parsed, SITE } from "./support.ts";

const account = (keys: string, network = "x") =>
  `${SITE}accounts: [{ name: one, network: ${network}, rehearsal: true, ${keys} }]`;
const faults = (keys: string, network?: string) => faultsOf(() => parsed(account(keys, network)));

describe("what an account may do", () => {
  test("money becomes whole millionths, a share a percent, and what is not said is not there", () => {
    const keys = `perHour: 3, perDay: 20, quiet: { from: "23:00", to: "06:30" }, timeZone: America/New_York,
      budget: { perDay: 10 USD, perMonth: 200.5 USD, breakingShare: 30% }, cost: { plain: 0.015 USD, withLink: 0.20 USD, read: 0.001 USD }`;
    expect(parsed(account(keys)).accounts[0]?.allowance).toEqual({
      perHour: 3,
      perDay: 20,
      quiet: { from: "23:00", to: "06:30", breaking: true },
      timeZone: "America/New_York",
      budget: { currency: "USD", perDay: 10_000_000, perMonth: 200_500_000, breakingShare: 30 },
      cost: { plain: 15_000, withLink: 200_000, read: 1_000, currency: "USD" },
    });
    expect(parsed(account("lang: en")).accounts[0]?.allowance).toEqual({});
  });

  test.each([
    ["perHour: 0", "perHour"],
    ["perDay: many", "perDay: must be how many posts at most a day: 1 or more."],
    ['quiet: { from: "25:00", to: "06:30" }', 'quiet.from: must be a time of day in quotes, such as "23:00".'],
    ['quiet: { from: "06:30", to: "06:30" }', "quiet.to: must not be the same as from"],
    ['quiet: { from: "23:00" }', "quiet.to: is missing"],
    ["timeZone: Berlin", "timeZone: must be a time zone's name"],
    ["timeZone: +03:00", "timeZone: must be a time zone's name"],
    ["budget: { perDay: 10 }", "budget.perDay: must be an amount and a currency, such as 10 USD."],
    ["budget: { perDay: 10 dollars }", "budget.perDay: must be an amount and a currency"],
    ["budget: { perDay: 0.0000001 USD }", "no finer than a millionth"],
    ["budget: { breakingShare: 30% }", "budget: must say perDay, perMonth or both"],
    ["budget: { perDay: 10 USD, breakingShare: 0.3 }", "budget.breakingShare: must be"],
    ["budget: { perDay: 10 EUR }", "budget.perDay: must be in the currency in which a post is paid: USD."],
    [
      "budget: { perDay: 10 USD }, cost: { plain: 1 EUR, withLink: 1 EUR }",
      "budget.perDay: must be in the currency in which a post is paid: EUR.",
    ],
    ["cost: { plain: 1 USD, withLink: 1 EUR }", "cost.withLink: must be in one currency with plain: USD."],
    ["budget: { perday: 10 USD }", 'budget.perday: is not known here. Did you mean "perDay"?'],
  ])("%s is told, where, and what would be right", (keys, told) => {
    const found = faults(keys);
    expect(found.join("\n")).toContain(`accounts[0].${told}`.replace("accounts[0].no finer", "no finer"));
  });

  test("a budget where nothing is paid would never stop anything: it is refused, unless a price is said", () => {
    expect(faults("budget: { perDay: 1 USD }", "mastodon").join()).toContain("mastodon takes no money for a post");
    expect(faults("budget: { perDay: 1 USD }, cost: { plain: 0.01 USD, withLink: 0.01 USD }", "mastodon")).toEqual([]);
  });

  test("what a network charges in is what its driver's price list says", () => {
    for (const name of NETWORK_NAMES) expect(NETWORKS[name]?.charges, name).toBe(usualLimits(name).cost?.currency);
  });
});
