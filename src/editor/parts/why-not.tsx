import { may } from "../../newsroom/person.ts";
import { mayDecide } from "../access.ts";
import type { View } from "../view.ts";

/** Whether the reader decides: about an account's posts, or without one about what concerns the whole newsroom. */
export function decides(v: View, accountId?: string): boolean {
  return v.person !== null && mayDecide(v.person, accountId);
}

/** Why a button is off: their role, or the second factor they have not set up yet. */
export function whyNot(v: View, accountId?: string): string {
  return v.t(lacksTotp(v, accountId) ? "may.not.totp" : "may.not.decide");
}

/** The same as a sentence, with the way to mend it where there is one. */
export function WhyNot({ v, accountId }: { v: View; accountId?: string }) {
  return (
    <p class="why">
      {whyNot(v, accountId)} {lacksTotp(v, accountId) ? <a href="/me#me-totp">{v.t("may.not.totp.do")}</a> : null}
    </p>
  );
}

function lacksTotp({ person }: View, accountId: string | undefined): boolean {
  return person !== null && person.needsTotp && may(person, "decide", accountId);
}
