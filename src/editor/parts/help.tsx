import type { View } from "../view.ts";

const KEYS = ["a", "e", "x", "h", "s", "j", "k", "?"] as const;
const NAMES = { a: "approve", e: "edit", x: "reject", h: "hold", s: "schedule", j: "next", k: "previous", "?": "help" } as const;

/** What the keys do. Opened by `?` or from the person's menu. */
export function Help({ v }: { v: View }) {
  return (
    <dialog id="help" aria-labelledby="help-title">
      <h2 id="help-title">{v.t("help.title")}</h2>
      <dl class="keys">
        {KEYS.map((key) => (
          <div>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{v.t(`help.${NAMES[key]}`)}</dd>
          </div>
        ))}
      </dl>
      <p>{v.t("help.note")}</p>
      <form method="dialog">
        <button>{v.t("help.close")}</button>
      </form>
    </dialog>
  );
}
