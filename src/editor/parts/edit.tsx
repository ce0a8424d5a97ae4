import { lengthOf } from "../../lib/text/count.ts";
import type { View } from "../view.ts";
import { ON_DESK } from "./acts.tsx";
import type { DeskProps } from "./desk.tsx";

/** What a person has typed and not saved. */
export interface Draft {
  readonly text: string;
  /** The revision it was begun from. */
  readonly revision: number;
  /** Why it was not saved: a sentence. */
  readonly problem?: string;
  /** Somebody else's text, beside which this one stands. */
  readonly theirs?: string;
}

/** The text being changed. What was typed is never thrown away: a refusal comes back with it. */
export function Edit({ v, card, limits, may, draft }: DeskProps & { draft: Draft }) {
  const length = limits ? lengthOf(draft.text, limits) : null;
  const action = `/posts/${card.id}/revisions`;
  return (
    <form class="edit" method="post" action={action} hx-post={action} {...ON_DESK} data-edit>
      <input type="hidden" name="revision" value={draft.revision} />
      {draft.problem === undefined ? null : (
        <p class="notice bad" id="edit-problem" data-said>
          {draft.problem}
        </p>
      )}
      <div id="newer" data-newer={`/posts/${card.id}/newer?revision=${draft.revision}`} aria-live="polite">
        {draft.theirs === undefined ? null : <Theirs v={v} text={draft.theirs} lang={card.lang} dir={card.dir} />}
      </div>
      <p class="notice" data-draft-notice hidden>
        {v.t("edit.draft")}{" "}
        <button type="button" data-draft-discard>
          {v.t("edit.draft.discard")}
        </button>
      </p>
      <label for={`text-${card.id}`}>{v.t("edit.label")}</label>
      <textarea
        id={`text-${card.id}`}
        name="text"
        rows={9}
        dir={card.dir}
        {...(card.lang === null ? {} : { lang: card.lang })}
        data-draft={card.id}
        data-saved={card.text}
        data-limits={limits ? JSON.stringify(limits) : undefined}
        aria-describedby="edit-count"
        {...(draft.problem === undefined ? {} : { "aria-invalid": "true" })}
        spellcheck
      >
        {`\n${draft.text}`}
      </textarea>
      <p class="meter">
        <output id="edit-count" for={`text-${card.id}`} class={limits && length !== null && length > limits.max ? "over" : ""}>
          {length === null || !limits ? v.t("count.unknown") : v.t("count.of", { length, limit: limits.max })}
        </output>
      </p>
      <div class="acts">
        <button class="primary" name="next" value="approve" disabled={!may} title={may ? undefined : v.t("may.not.decide")}>
          {v.t("edit.approve")}
        </button>
        <button name="next" value="wait">
          {v.t("edit.save")}
        </button>
        <a class="button" href={`/?post=${card.id}`} hx-get={`/?post=${card.id}`} {...ON_DESK} data-draft-forget={card.id}>
          {v.t("edit.cancel")}
        </a>
      </div>
      <p class="why">{v.t("edit.note")}</p>
    </form>
  );
}

/** The other text, shown and left alone. */
export function Theirs({ v, text, lang, dir }: { v: View; text: string; lang: string | null; dir: "ltr" | "rtl" }) {
  return (
    <div class="theirs">
      <b>{v.t("edit.theirs")}</b>
      <p dir={dir} {...(lang === null ? {} : { lang })}>
        {text}
      </p>
    </div>
  );
}
