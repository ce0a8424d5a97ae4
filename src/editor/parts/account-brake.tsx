import type { BrakeTold } from "../../delivery/brake-told.ts";
import type { View } from "../view.ts";
import { Badge, When } from "./bits.tsx";
import { Reason } from "./reason.tsx";

/** What keeps an account's posts back, though it works: a limit of its network, a host that fails, or one that is just back. */
export function AccountBrake({ v, brake }: { v: View; brake: BrakeTold | null }) {
  if (brake === null) return null;
  const { kind, of, host, why, until } = brake;
  return (
    <div class={kind === "open" ? "notice bad" : "notice"}>
      <p>
        <Badge tone={kind === "open" ? "bad" : "warn"}>{v.t(`account.brake.${kind}`)}</Badge> {v.t(`account.brake.${kind}.more`)}{" "}
        {kind === "gathering-pace" ? null : <When v={v} at={new Date(until)} />}
      </p>
      {why === null ? null : (
        <p>
          <Reason v={v} why={why} />
        </p>
      )}
      {of === "account" ? null : <p class="why">{v.t(`account.brake.${of}`, { host: host ?? "" })}</p>}
    </div>
  );
}
