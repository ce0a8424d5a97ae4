import { linksIn, linksOnX } from "../lib/text/links.ts";
import type { Money } from "../lib/money.ts";
import { dayAfter, momentAt, wallTime } from "../lib/zone.ts";
import type { Allowance, Budget, Prices, Quiet } from "../newsroom/allowance.ts";

/**
 * What a newsroom's own allowance says to a post that could begin now. Pure. Caps and spacing are the pace of ordinary news:
 * breaking news counts in them and is held by none; by money it is held as well (docs/decisions/0015).
 */

export type RestWhy = "spacing" | "cap-hour" | "cap-day" | "quiet" | "budget";

/** Why nothing ordinary of an account begins now, and until when. */
export interface Rest {
  readonly why: RestWhy;
  readonly until: Date;
}

/** The stretches of time that are counted over, at one moment, by the clocks of one zone. */
export interface Windows {
  /** An hour ago: caps per hour roll. */
  readonly hour: Date;
  /** When today began there, this month, and when the next ones do. */
  readonly day: Date;
  readonly month: Date;
  readonly nextDay: Date;
  readonly nextMonth: Date;
}

/** In millionths: by all posts, and by those that are not breaking. */
export interface Spent {
  readonly all: number;
  readonly normal: number;
}

/** What an account has used of its allowance. A post that is surely not there counts in nothing. */
export interface Used {
  readonly hour: number;
  /** The oldest of the posts of this hour; null without any. */
  readonly hourFirst: Date | null;
  readonly day: number;
  readonly spentDay: Spent;
  readonly spentMonth: Spent;
}

const HOUR_MS = 3_600_000;

export function windowsAt(now: Date, timeZone: string): Windows {
  const today = wallTime(now, timeZone).slice(0, 10);
  const first = `${today.slice(0, 7)}-01`;
  const midnight = (date: string) => momentAt(`${date}T00:00`, timeZone) ?? now;
  return {
    hour: new Date(now.getTime() - HOUR_MS),
    day: midnight(today),
    month: midnight(first),
    nextDay: midnight(dayAfter(today, 1)),
    nextMonth: midnight(`${dayAfter(first, 31).slice(0, 7)}-01`),
  };
}

/** When the quiet hours end that it is in the middle of; null outside them. Reckoned by moments, so right when clocks change. */
export function quietUntil(now: Date, quiet: Pick<Quiet, "from" | "to">, timeZone: string): Date | null {
  const today = wallTime(now, timeZone).slice(0, 10);
  for (const date of [dayAfter(today, -1), today]) {
    const from = momentAt(`${date}T${quiet.from}`, timeZone);
    const to = momentAt(`${quiet.from < quiet.to ? date : dayAfter(date, 1)}T${quiet.to}`, timeZone);
    if (from && to && from <= now && now < to) return to;
  }
  return null;
}

/** What may still be spent of a budget for a day or a month, in millionths: ordinary news leaves the share of breaking news alone. */
export function moneyLeft(limit: number, budget: Budget, spent: Spent, breaking: boolean): number {
  const left = limit - spent.all;
  const ordinary = limit - Math.ceil((limit * budget.breakingShare) / 100) - spent.normal;
  return Math.max(0, breaking ? left : Math.min(left, ordinary));
}

/** What this text costs; X takes more for one with any link in it. */
export function priceOf(prices: Prices, text: string): Money {
  const linked = linksIn(text).length > 0 || linksOnX(text).length > 0;
  return { micros: linked ? prices.withLink : prices.plain, currency: prices.currency };
}

/** A post that could begin, and what is known of its account. */
export interface Asking {
  readonly allowance: Allowance;
  readonly timeZone: string;
  readonly now: Date;
  readonly used: Used;
  readonly price: Money | null;
  readonly breaking: boolean;
}

/** What keeps it, the longest of all that do; null where it may go. */
export function restOf(asking: Asking): Rest | null {
  const { allowance, timeZone, now, used, breaking } = asking;
  const windows = windowsAt(now, timeZone);
  const rests: Rest[] = [];
  const { quiet, perHour, perDay } = allowance;
  const silent = quiet && !(breaking && quiet.breaking) ? quietUntil(now, quiet, timeZone) : null;
  if (silent) rests.push({ why: "quiet", until: silent });
  if (!breaking && perHour !== undefined && used.hour >= perHour)
    rests.push({ why: "cap-hour", until: new Date((used.hourFirst ?? now).getTime() + HOUR_MS) });
  if (!breaking && perDay !== undefined && used.day >= perDay) rests.push({ why: "cap-day", until: windows.nextDay });
  const broke = brokeUntil(asking, windows);
  if (broke) rests.push({ why: "budget", until: broke });
  return rests.toSorted((one, other) => other.until.getTime() - one.until.getTime())[0] ?? null;
}

/** When there is money again; null where there is enough. A price in another currency than the budget's is never met. */
function brokeUntil({ allowance, used, price, breaking }: Asking, windows: Windows): Date | null {
  const { budget } = allowance;
  if (!budget || !price) return null;
  const short = (limit: number | undefined, spent: Spent) =>
    limit !== undefined && (price.currency !== budget.currency || price.micros > moneyLeft(limit, budget, spent, breaking));
  if (short(budget.perMonth, used.spentMonth)) return windows.nextMonth;
  return short(budget.perDay, used.spentDay) ? windows.nextDay : null;
}

/** Whether an account's allowance asks for what it has used so far. */
export function countsUse(allowance: Allowance): boolean {
  return allowance.perHour !== undefined || allowance.perDay !== undefined || allowance.budget !== undefined;
}
