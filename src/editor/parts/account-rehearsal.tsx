import { may } from "../../newsroom/person.ts";
import { mayManage } from "../access.ts";
import type { AccountLine } from "../read/newsroom.ts";
import type { View } from "../view.ts";
import { When } from "./bits.tsx";
import { decides, whyNot } from "./why-not.tsx";

/** Rehearsal at a press, over and above what newsroom.yaml says: into it for whoever decides, out of it for admins. */
export function AccountRehearsal({ v, account }: { v: View; account: AccountLine }) {
  if (account.network === "rehearsal" || account.state === "disabled") return null;
  const { id, rehearsal_at: since, rehearsal_by: by } = account;
  const to = `/accounts/${id}/rehearsal`;
  if (since === null) {
    if (account.rehearsal) return null;
    const off = decides(v, id) ? {} : { disabled: true, title: whyNot(v, id) };
    return (
      <form method="post" action={to} class="acts">
        <button {...off} aria-describedby={`rehearsal-${id}`}>
          {v.t("rehearsal.begin")}
        </button>
        <span class="why" id={`rehearsal-${id}`}>
          {v.t("rehearsal.begin.more")}
        </span>
      </form>
    );
  }
  const off = mayManage(v.person, id) ? {} : { disabled: true };
  return (
    <form method="post" action={`${to}/end`} class="acts">
      <p class="why">
        {v.t("rehearsal.by", { who: by ?? "" })} <When v={v} at={since} />
      </p>
      <button {...off} aria-describedby={`rehearsal-${id}`}>
        {v.t("rehearsal.end")}
      </button>
      <span class="why" id={`rehearsal-${id}`}>
        {"disabled" in off
          ? v.person !== null && may(v.person, "manage", id)
            ? v.t("may.not.totp")
            : v.t("rehearsal.end.may")
          : v.t("rehearsal.end.more")}
      </span>
    </form>
  );
}
