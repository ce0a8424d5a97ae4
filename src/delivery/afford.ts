import type { Money } from "../lib/money.ts";
import type { Db } from "../store/db.ts";
import { tell } from "../store/history.ts";
import type { Driver } from "../newsroom/drivers.ts";
import { countsUse, restOf, priceOf, windowsAt, type Used } from "./allowance.ts";
import { restAccount, keepSpacing, reserve, usesOf } from "./ledger.ts";
import type { Gate } from "./gate.ts";
import { settle, type DeliveryRow } from "./store.ts";

/** Breaking news that waits asks again this often: a budget may be raised before its day ends. */
const ASK_AGAIN_MS = 60_000;

const NOTHING: Used = {
  hour: 0,
  hourFirst: null,
  day: 0,
  spentDay: { all: 0, normal: 0 },
  spentMonth: { all: 0, normal: 0 },
};

/** A delivery at the gate, under its account's lock. */
interface AtGate {
  readonly delivery: DeliveryRow;
  readonly gate: Gate;
  readonly driver: Driver;
  readonly text: string;
}

/**
 * What a delivery that may begin will cost; undefined where the newsroom's own allowance keeps it. Then nothing ordinary of
 * its account begins either until that moment: one row says so for all of them, and none of them is looked at meanwhile.
 */
export async function afford(db: Db, { delivery, gate, driver, text }: AtGate): Promise<{ price: Money | null } | undefined> {
  const { allowance, now, breaking, time_zone: timeZone } = gate;
  const price = driver.prices && priceOf(driver.prices, text);
  const asked = {
    accountId: delivery.account_id,
    windows: windowsAt(now, timeZone),
    currency: allowance.budget?.currency ?? null,
    rehearsal: driver.rehearsal,
  };
  const used = (countsUse(allowance) && (await usesOf(db, [asked]))[0]) || NOTHING;
  const rest = restOf({ allowance, timeZone, now, used, price, breaking });
  if (!rest) return { price };
  if (breaking) {
    await settle(db, delivery.id, "due", {
      why: rest.why,
      inMs: Math.min(rest.until.getTime() - now.getTime(), ASK_AGAIN_MS),
    });
    return undefined;
  }
  await restAccount(db, delivery.account_id, rest);
  await tell(db, {
    kind: "account-rests",
    account: delivery.account_id,
    data: { why: rest.why, until: rest.until.toISOString() },
  });
  return undefined;
}

/** A delivery has begun: its money is set aside, and its account keeps its spacing from here on. */
export async function spend(db: Db, { delivery, gate, driver }: Omit<AtGate, "text">, price: Money | null): Promise<void> {
  if (gate.spacing_s > 0) await keepSpacing(db, delivery.account_id, gate.spacing_s);
  if (price)
    await reserve(db, {
      accountId: delivery.account_id,
      deliveryId: delivery.id,
      price,
      breaking: gate.breaking,
      rehearsal: driver.rehearsal,
    });
}
