import type { Allowance, Budget } from "../newsroom/allowance.ts";
import type { Db } from "../store/db.ts";
import { moneyLeft, quietUntil, windowsAt, type Rest, type RestWhy, type Used, type Windows } from "./allowance.ts";
import { usesOf } from "./ledger.ts";

/** What an account may still do, as it is told to people and programs. */
export interface Facts {
  readonly accountId: string;
  readonly account: string;
  readonly timeZone: string;
  /** Why nothing ordinary begins now, and until when; null where it may. */
  readonly rest: Rest | null;
  readonly hour: Posts | null;
  readonly day: Posts | null;
  readonly quiet: Allowance["quiet"] | null;
  readonly budget: { readonly currency: string; readonly day: MoneyFacts | null; readonly month: MoneyFacts | null } | null;
  /** What an ordinary post costs at most (in millionths); null where nothing is known of that. */
  readonly price: number | null;
}

interface Posts {
  readonly most: number;
  readonly left: number;
}

/** In millionths of the currency's unit. */
export interface MoneyFacts {
  readonly limit: number;
  readonly spent: number;
  /** For ordinary news. */
  readonly left: number;
  readonly leftForBreaking: number;
  /** When it is full again. */
  readonly until: Date;
}

/** What an account's row and the clock say of its rest: columns `RESTING`. */
export interface Resting {
  readonly allowance: Allowance;
  readonly time_zone: string;
  readonly now: Date;
  readonly rests_until: Date | null;
  readonly rests_why: RestWhy | null;
}

/** Of `slugline.account a` and `slugline.newsroom n`. */
export const RESTING = `a.allowance, coalesce(a.allowance ->> 'timeZone', n.site ->> 'timeZone', 'UTC') as time_zone, slugline.now() as now,
  a.rests_until, a.rests_why`;

interface Row extends Resting {
  readonly id: string;
  readonly name: string;
  readonly rehearsal: boolean;
  readonly cost: { readonly plain: number; readonly withLink: number } | null;
  readonly link: string;
}

/** Of every account that has an allowance or keeps a pace, by name; `only` of these. */
export async function factsOf(db: Db, only: readonly string[] | null = null): Promise<Facts[]> {
  const { rows } = await db.query<Row>(
    `select a.id, a.name, a.rehearsal or a.rehearsal_why is not null as rehearsal, a.limits -> 'cost' as cost,
            coalesce(a.settings ->> 'link', 'short') as link, ${RESTING}
       from slugline.account a cross join slugline.newsroom n
      where a.state <> 'disabled' and (a.allowance <> '{}' or a.spacing_s > 0) and ($1::uuid[] is null or a.id = any($1))
      order by a.name`,
    [only],
  );
  if (rows.length === 0) return [];
  const windows = rows.map((row) => windowsAt(row.now, row.time_zone));
  const used = await usesOf(
    db,
    rows.map((row, at) => ({
      accountId: row.id,
      windows: windows[at]!,
      currency: row.allowance.budget?.currency ?? null,
      rehearsal: row.rehearsal,
    })),
  );
  return rows.map((row, at) => told(row, windows[at]!, used[at]!));
}

function told(row: Row, windows: Windows, used: Used): Facts {
  const { perHour, perDay, quiet, budget } = row.allowance;
  const posts = (most: number | undefined, n: number): Posts | null =>
    most === undefined ? null : { most, left: Math.max(0, most - n) };
  return {
    accountId: row.id,
    account: row.name,
    timeZone: row.time_zone,
    rest: restNow(row),
    hour: posts(perHour, used.hour),
    day: posts(perDay, used.day),
    quiet: quiet ?? null,
    budget: budget
      ? {
          currency: budget.currency,
          day: moneyFacts(budget, budget.perDay, used.spentDay, windows.nextDay),
          month: moneyFacts(budget, budget.perMonth, used.spentMonth, windows.nextMonth),
        }
      : null,
    price: priceOfAny(row),
  };
}

/** Why nothing of an account begins now: as its row says, else its quiet hours, which no post may have met yet. */
export function restNow(
  { rests_until: until, rests_why: why, now, allowance, time_zone: timeZone }: Resting,
  breaking = false,
): Rest | null {
  if (!breaking && until && why && until > now) return { why, until };
  const quiet = allowance.quiet && !(breaking && allowance.quiet.breaking) ? quietUntil(now, allowance.quiet, timeZone) : null;
  return quiet && { why: "quiet", until: quiet };
}

function moneyFacts(budget: Budget, limit: number | undefined, spent: Used["spentDay"], until: Date): MoneyFacts | null {
  if (limit === undefined) return null;
  return {
    limit,
    spent: spent.all,
    left: moneyLeft(limit, budget, spent, false),
    leftForBreaking: moneyLeft(limit, budget, spent, true),
    until,
  };
}

/** A post of this account as it usually is: with its link, unless it has none. */
function priceOfAny({ allowance, cost, link }: Row): number | null {
  const micros = allowance.cost ?? (cost && { plain: cost.plain * 1_000_000, withLink: cost.withLink * 1_000_000 });
  return micros ? Math.round(link === "none" ? micros.plain : micros.withLink) : null;
}
