import { factsOf, type Facts, type MoneyFacts } from "../delivery/facts.ts";
import { unitsOf } from "../lib/money.ts";
import type { Db } from "../store/db.ts";
import type { Trouble } from "./health.ts";

/** From this share of what ordinary news may spend on, somebody should look. */
const LOW = 0.8;

/** Budgets that are used up, or nearly. Breaking news may have its share left: that is told too. */
export async function budgetTroubles(db: Db): Promise<Trouble[]> {
  return (await factsOf(db)).flatMap((facts) => {
    const { budget } = facts;
    if (!budget) return [];
    const [day, month] = [budget.day, budget.month];
    const up = [month, day].find((money) => money !== null && isUsedUp(money, facts));
    if (up) return [told(facts, up, "budget-used-up", "alarm")];
    const low = [month, day].find((money) => money !== null && isLow(money));
    return low ? [told(facts, low, "budget-low", "warning")] : [];
  });
}

function isUsedUp({ left, until }: MoneyFacts, { price, rest }: Facts): boolean {
  return left < (price ?? 1) || (rest?.why === "budget" && rest.until.getTime() === until.getTime());
}

function isLow({ limit, spent, left, leftForBreaking }: MoneyFacts): boolean {
  const share = leftForBreaking - left;
  return spent >= LOW * (limit - share);
}

function told(
  { accountId, account, budget }: Facts,
  money: MoneyFacts,
  code: "budget-used-up" | "budget-low",
  severity: "alarm" | "warning",
): Trouble {
  return {
    code,
    severity,
    since: null,
    account: accountId,
    args: {
      account,
      currency: budget?.currency ?? "",
      spent: unitsOf(money.spent),
      limit: unitsOf(money.limit),
      breaking: unitsOf(money.leftForBreaking),
    },
  };
}
