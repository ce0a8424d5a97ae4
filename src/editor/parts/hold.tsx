import type { Hold } from "../../newsroom/hold.ts";
import type { View } from "../view.ts";
import { When } from "./bits.tsx";
import { decides, whyNot } from "./why-not.tsx";

/** The store was restored: how far the search for what is out is, and the button that lets sending go on. */
export function OnHold({ v, hold, path }: { v: View; hold: Hold; path: string }) {
  const { backupAt, open, found, asked, stories, unseen } = hold;
  const off = !decides(v) ? whyNot(v) : open > 0 ? v.t("hold.open.wait", { count: open }) : null;
  return (
    <div class="stopped">
      <div>
        <b>{v.t("hold.title")}</b>
        <span>
          {v.t("hold.backup")} <When v={v} at={backupAt} />
        </span>
        <ul class="hold-counts">
          <li>{v.t("hold.open", { count: open })}</li>
          <li>{v.t("hold.found", { count: found })}</li>
          <li>{v.t("hold.asked", { count: asked })}</li>
          {stories > 0 ? <li>{v.t("hold.stories", { count: stories })}</li> : null}
          {unseen > 0 ? <li>{v.t("hold.unseen", { count: unseen })}</li> : null}
        </ul>
      </div>
      <form method="post" action="/hold/end">
        <input type="hidden" name="back" value={path} />
        <button class="go" disabled={off !== null}>
          {v.t("hold.end")}
        </button>
        {off === null ? null : <span class="hold-why">{off}</span>}
      </form>
    </div>
  );
}
