import type { Facts, MoneyFacts } from "../../delivery/facts.ts";
import type { Rest } from "../../delivery/allowance.ts";
import { unitsOf } from "../../lib/money.ts";
import type { View } from "../view.ts";
import { Fact, When } from "./bits.tsx";
import { Reason } from "./reason.tsx";

/** What the newsroom allows an account: how much of it is left, and when its next post may go. */
export function Allowance({ v, facts }: { v: View; facts: Facts | undefined }) {
  if (!facts) return null;
  const { hour, day, quiet, budget, rest, timeZone } = facts;
  return (
    <>
      {hour === null ? null : <Fact name={v.t("allowance.hour")}>{v.t("allowance.left", { ...hour })}</Fact>}
      {day === null ? null : <Fact name={v.t("allowance.day")}>{v.t("allowance.left", { ...day })}</Fact>}
      {budget?.day ? <Money v={v} name="allowance.money.day" money={budget.day} currency={budget.currency} /> : null}
      {budget?.month ? <Money v={v} name="allowance.money.month" money={budget.month} currency={budget.currency} /> : null}
      {quiet ? (
        <Fact name={v.t("allowance.quiet")}>
          <bdi dir="ltr">
            {quiet.from}–{quiet.to} {timeZone}
          </bdi>{" "}
          {v.t(quiet.breaking ? "allowance.quiet.breaking" : "allowance.quiet.all")}
        </Fact>
      ) : null}
      <Fact name={v.t("allowance.next")}>{rest === null ? v.t("allowance.next.now") : <When v={v} at={rest.until} />}</Fact>
    </>
  );
}

function Money({ v, name, money, currency }: { v: View; name: string; money: MoneyFacts; currency: string }) {
  const breaking = money.leftForBreaking - money.left;
  return (
    <Fact name={v.t(name)}>
      {v.t("allowance.money", { left: unitsOf(money.left), limit: unitsOf(money.limit), currency })}
      {breaking > 0 ? <> {v.t("allowance.money.breaking", { breaking: unitsOf(breaking), currency })}</> : null}
    </Fact>
  );
}

/** Why an account's ordinary posts wait, and until when. */
export function Resting({ v, rest, says }: { v: View; rest: Rest | null; says: "allowance.rests" | "card.rests" }) {
  if (rest === null) return null;
  return (
    <>
      {v.t(says)} <When v={v} at={rest.until} />: <Reason v={v} why={rest.why} />
    </>
  );
}
