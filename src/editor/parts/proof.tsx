import type { View } from "../view.ts";

/** Asked before what could keep somebody out is changed: their password, and a code where one is asked of them. */
export function Proof({ v, id }: { v: View; id: string }) {
  return (
    <>
      <label>
        {v.t("me.proof.password")}
        <input type="password" name="password" id={`proof-${id}`} autocomplete="current-password" required />
      </label>
      {v.person?.totp ? (
        <label>
          {v.t("code.code")}
          <input
            type="text"
            name="code"
            autocomplete="one-time-code"
            autocapitalize="none"
            spellcheck={false}
            required
            dir="ltr"
          />
        </label>
      ) : null}
    </>
  );
}
