import { may } from "../../newsroom/person.ts";
import type { AccountLine } from "../read/newsroom.ts";
import type { View } from "../view.ts";
import { Ago, When } from "./bits.tsx";
import { Reason } from "./reason.tsx";

/** How an account's access stands: when it ends, whether it was proved on the real network, and the way to give it anew. */
export function AccountConnect({ v, account, connectable }: { v: View; account: AccountLine; connectable: boolean }) {
  const { connected_at, proved_at, variables } = account;
  if (account.rehearsal_declared) return null;
  return (
    <div class="access">
      <p class="why">
        <Ends v={v} account={account} />
      </p>
      {account.renew_error === null ? null : (
        <p class="notice bad">
          {v.t("access.renewFailed")} <Reason v={v} why={account.renew_error} />
        </p>
      )}
      {connected_at === null ? null : (
        <p class="why">
          {v.t("access.connected")} <Ago v={v} at={connected_at} />
        </p>
      )}
      <p class="why">
        {proved_at === null ? (
          v.t("access.unproved")
        ) : (
          <>
            {v.t("access.proved")} <When v={v} at={proved_at} />
          </>
        )}
      </p>
      {connectable && v.person && may(v.person, "manage") && account.state !== "disabled" ? (
        variables.length > 0 ? (
          <p class="why">{v.t("connect.problem.in-file", { why: variables.join(", ") })}</p>
        ) : (
          <p>
            <a class="button" href={`/accounts/${account.id}/connect`} aria-describedby={`account-${account.id}`}>
              {v.t(account.connected_at === null ? "connect.first" : "connect.anew")}
            </a>
          </p>
        )
      ) : null}
    </div>
  );
}

function Ends({ v, account: { verified_at, token_ends_at, token_renews, refresh_ends_at } }: { v: View; account: AccountLine }) {
  const end = token_renews ? refresh_ends_at : token_ends_at;
  if (end !== null)
    return (
      <>
        {v.t("access.ends")} <When v={v} at={end} />
      </>
    );
  if (token_renews) return <>{v.t("access.renews")}</>;
  return <>{v.t(verified_at === null ? "access.unknown" : "access.endless")}</>;
}
