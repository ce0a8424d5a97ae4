import { z } from "zod";
import { parseMoney } from "../lib/money.ts";
import { NETWORKS } from "./networks.ts";
import type { Path } from "./yaml.ts";

/** What the newsroom allows it; money in millionths of the currency's unit. Empty: as much as the network does. */
export interface WrittenAllowance {
  readonly perHour?: number;
  readonly perDay?: number;
  readonly quiet?: { readonly from: string; readonly to: string; readonly breaking: boolean };
  readonly timeZone?: string;
  readonly budget?: {
    readonly currency: string;
    readonly perDay?: number;
    readonly perMonth?: number;
    readonly breakingShare: number;
  };
  readonly cost?: { readonly plain: number; readonly withLink: number; readonly read?: number; readonly currency: string };
}

const money = (example: string) =>
  z
    .string()
    .refine((text) => parseMoney(text) !== undefined, {
      error: `must be an amount and a currency, such as ${example}; no finer than a millionth.`,
    })
    .describe(`an amount and a currency, such as ${example}`)
    .transform((text) => parseMoney(text) ?? { micros: 0, currency: "" });

/** A zone by its name. */
export const timeZone = z
  .string()
  .refine(isTimeZone, { error: "must be a time zone's name, such as Europe/Berlin or UTC." })
  .describe("a time zone's name, such as Europe/Berlin");

const timeOfDay = (example: string) =>
  z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: `must be a time of day in quotes, such as "${example}".` })
    .describe(`a time of day in quotes, such as "${example}"`);

const posts = (when: string) => z.int().min(1).max(100_000).describe(`how many posts at most ${when}: 1 or more`);

const quiet = z
  .strictObject({
    from: timeOfDay("23:00"),
    to: timeOfDay("06:30"),
    breaking: z.boolean().describe("true (breaking news goes out all the same) or false").default(true),
  })
  .describe('quiet hours, such as { from: "23:00", to: "06:30" }');

const budget = z
  .strictObject({
    perDay: money("10 USD").optional(),
    perMonth: money("200 USD").optional(),
    breakingShare: z
      .string()
      .regex(/^(\d{1,2}|100)%$/, { error: "must be a share of 0% to 100%, such as 30%." })
      .describe("the share that only breaking news may spend, such as 30%")
      .default("0%")
      .transform((text) => Number.parseInt(text, 10)),
  })
  .describe("a budget, such as { perDay: 10 USD, perMonth: 200 USD, breakingShare: 30% }");

const cost = z
  .strictObject({ plain: money("0.015 USD"), withLink: money("0.20 USD"), read: money("0.001 USD").optional() })
  .describe(
    "what a post costs, and each one read when a lost one is looked for, such as { plain: 0.015 USD, withLink: 0.20 USD, read: 0.001 USD }",
  );

/** The keys of an account that say what it may do, whatever its network. */
export const ALLOWANCE = {
  perHour: posts("in any hour").optional(),
  perDay: posts("a day").optional(),
  quiet: quiet.optional(),
  timeZone: timeZone.optional(),
  budget: budget.optional(),
  cost: cost.optional(),
};

type Written = { readonly [Key in keyof typeof ALLOWANCE]?: z.output<(typeof ALLOWANCE)[Key]> };

/** As it is written, with money in whole millionths. */
export function meantAllowance({ perHour, perDay, quiet, timeZone, budget, cost }: Written): WrittenAllowance {
  const currency = budget?.perDay?.currency ?? budget?.perMonth?.currency;
  return {
    ...(perHour === undefined ? {} : { perHour }),
    ...(perDay === undefined ? {} : { perDay }),
    ...(quiet === undefined ? {} : { quiet }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(budget === undefined || currency === undefined
      ? {}
      : {
          budget: {
            currency,
            ...(budget.perDay === undefined ? {} : { perDay: budget.perDay.micros }),
            ...(budget.perMonth === undefined ? {} : { perMonth: budget.perMonth.micros }),
            breakingShare: budget.breakingShare,
          },
        }),
    ...(cost === undefined
      ? {}
      : {
          cost: {
            plain: cost.plain.micros,
            withLink: cost.withLink.micros,
            ...(cost.read === undefined ? {} : { read: cost.read.micros }),
            currency: cost.plain.currency,
          },
        }),
  };
}

/** What one key of an account's allowance says against another, or against what its network takes. */
export function checkAllowance(
  account: Readonly<Record<string, unknown>>,
  path: Path,
  wrong: (path: Path, problem: string) => void,
): void {
  const [quiet, budget, cost] = [fieldsOf(account["quiet"]), fieldsOf(account["budget"]), fieldsOf(account["cost"])];
  if (quiet["from"] !== undefined && quiet["from"] === quiet["to"])
    wrong([...path, "quiet", "to"], "must not be the same as from: that would be no hour, or every hour of the day.");
  const currencies = (of: Readonly<Record<string, unknown>>, keys: readonly string[]) =>
    keys
      .map((key) => ({ key, currency: parseMoney(String(of[key]))?.currency }))
      .filter(({ currency }) => currency !== undefined);
  const costs = currencies(cost, ["plain", "withLink", "read"]);
  for (const { key, currency } of costs.slice(1))
    if (currency !== costs[0]?.currency)
      wrong([...path, "cost", key], `must be in one currency with plain: ${costs[0]?.currency}.`);
  if (account["budget"] === undefined) return;
  if (budget["perDay"] === undefined && budget["perMonth"] === undefined)
    return wrong([...path, "budget"], "must say perDay, perMonth or both, such as { perDay: 10 USD }.");
  const network = String(account["network"]);
  const charged = costs[0]?.currency ?? NETWORKS[network]?.charges;
  if (charged === undefined && network in NETWORKS)
    return wrong(
      [...path, "budget"],
      `would never be spent: ${network} takes no money for a post. Say what one costs (cost: { plain: 0.01 USD, withLink: 0.01 USD }), or leave the budget away.`,
    );
  for (const { key, currency } of currencies(budget, ["perDay", "perMonth"]))
    if (charged !== undefined && currency !== charged)
      wrong([...path, "budget", key], `must be in the currency in which a post is paid: ${charged}.`);
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {};
}

function isTimeZone(text: string): boolean {
  try {
    // Not `+03:00`, which Intl takes too: it knows no summer, and whoever reads it elsewhere may take it the other way round.
    return /^[a-z]/i.test(text) && new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
