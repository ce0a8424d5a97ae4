import { lengthOf } from "../../lib/text/count.ts";
import type { Card } from "../read/card.ts";
import type { View } from "../view.ts";
import { ON_DESK } from "./acts.tsx";
import type { DeskProps } from "./desk.tsx";
import { lookOf } from "./looks.ts";
import { whyNot } from "./why-not.tsx";

/** What a person has typed and not saved. */
export interface Draft {
  readonly text: string;
  /** The warning before the text; empty for none. */
  readonly spoiler: string;
  /** Pictures are hidden until asked for. */
  readonly sensitive: boolean;
  /** Alternative texts by their pictures' addresses. */
  readonly alts: Readonly<Record<string, string>>;
  /** The revision it was begun from. */
  readonly revision: number;
  /** Why it was not saved: a sentence. */
  readonly problem?: string;
  /** Somebody else's text, beside which this one stands. */
  readonly theirs?: string;
}

/** Nothing typed yet. */
export function draftOf({ text, spoiler, sensitive, media, revision }: Card): Draft {
  const alts = Object.fromEntries(media.map(({ url, alt }) => [url, alt]));
  return { text, spoiler: spoiler ?? "", sensitive, alts, revision };
}

/** The text being changed. What was typed is never thrown away: a refusal comes back with it. */
export function Edit({ v, card, limits, may, draft }: DeskProps & { draft: Draft }) {
  const length = limits ? lengthOf(draft.spoiler + draft.text, limits) : null;
  const language = card.lang === null ? {} : { lang: card.lang };
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
        {draft.theirs === undefined ? null : (
          <Theirs v={v} text={draft.theirs} spoiler={card.spoiler} lang={card.lang} dir={card.dir} />
        )}
      </div>
      <p class="notice" data-draft-notice hidden>
        {v.t("edit.draft")}{" "}
        <button type="button" data-draft-discard>
          {v.t("edit.draft.discard")}
        </button>
      </p>
      {limits?.spoiler || draft.spoiler !== "" ? (
        <label>
          {v.t("edit.spoiler")}
          <input
            type="text"
            name="spoiler"
            id={`spoiler-${card.id}`}
            value={draft.spoiler}
            dir="auto"
            {...language}
            autocomplete="off"
            data-field
            data-saved={card.spoiler ?? ""}
            aria-describedby="edit-count"
          />
        </label>
      ) : null}
      <label for={`text-${card.id}`}>{v.t("edit.label")}</label>
      <textarea
        id={`text-${card.id}`}
        name="text"
        rows={9}
        dir={card.dir}
        {...language}
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
        <output
          id="edit-count"
          for={`spoiler-${card.id} text-${card.id}`}
          class={limits && length !== null && length > limits.max ? "over" : ""}
        >
          {length === null || !limits ? v.t("count.unknown") : v.t("count.of", { length, limit: limits.max })}
        </output>
      </p>
      {card.media.length > 0 ? <Pictures v={v} card={card} draft={draft} altMax={limits?.media?.altMax} /> : null}
      <div class="acts">
        <button class="primary" name="next" value="approve" disabled={!may} title={may ? undefined : whyNot(v, card.account_id)}>
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

/** Whether its pictures are hidden, and what each says to who cannot see it. */
function Pictures({ v, card, draft, altMax }: { v: View; card: Card; draft: Draft; altMax: number | undefined }) {
  const { hides } = lookOf(card.network);
  return (
    <fieldset class="pictures">
      <legend>{v.t("edit.pictures")}</legend>
      <input type="hidden" name="pictures" value="shown" />
      {hides || draft.sensitive ? (
        <label class="check">
          <input type="checkbox" name="sensitive" checked={draft.sensitive} data-field data-saved={String(card.sensitive)} />
          {v.t("edit.sensitive")}
        </label>
      ) : null}
      {hides ? null : <p class="why">{v.t("look.cannotHide")}</p>}
      {altMax === 0 ? <p class="why">{v.t("look.noAlt")}</p> : null}
      {card.media.map((one, at) => (
        <div class="picture">
          <img src={one.url} alt="" loading="lazy" referrerpolicy="no-referrer" />
          {altMax === 0 ? null : (
            <label>
              {v.t("edit.alt", { picture: at + 1 })}
              <textarea
                name={`alt:${one.url}`}
                rows={3}
                dir="auto"
                {...(card.lang === null ? {} : { lang: card.lang })}
                {...(altMax === undefined ? {} : { maxlength: altMax })}
                data-field
                data-saved={one.alt}
                spellcheck
              >
                {`\n${draft.alts[one.url] ?? one.alt}`}
              </textarea>
              {one.alt === "" ? <span class="todo">{v.t("edit.alt.missing")}</span> : null}
            </label>
          )}
        </div>
      ))}
    </fieldset>
  );
}

/** The other text, shown and left alone. */
export function Theirs({ v, text, spoiler, lang, dir }: { v: View } & Pick<Card, "text" | "spoiler" | "lang" | "dir">) {
  const language = lang === null ? {} : { lang };
  return (
    <div class="theirs">
      <b>{v.t("edit.theirs")}</b>
      {spoiler === null ? null : (
        <p class="spoiler" dir="auto" {...language}>
          {spoiler}
        </p>
      )}
      <p dir={dir} {...language}>
        {text}
      </p>
    </div>
  );
}
