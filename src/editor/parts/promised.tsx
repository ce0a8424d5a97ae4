import type { NetworkPromise } from "../deps.ts";
import type { AccountLine } from "../read/newsroom.ts";
import type { View } from "../view.ts";

/** What happens to an account's post when nobody knows whether it arrived: by its network, and by what the newsroom set. */
export function Promised({ v, account, network }: { v: View; account: AccountLine; network: NetworkPromise | undefined }) {
  if (network === undefined) return null;
  const { promise, settleMs } = network;
  const looks = promise === "reconciled" && settleMs > 0;
  return (
    <p class="why">
      {v.t(`promise.${promise}`)} {looks ? `${v.t("promise.settle", { count: Math.round(settleMs / 1_000) })} ` : null}
      {promise === "exact" ? null : v.t(`promise.onUnknown.${account.on_unknown}`)}
    </p>
  );
}
