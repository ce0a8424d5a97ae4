import type { Context } from "hono";
import { isId } from "../lib/id.ts";
import { seenAccounts } from "../newsroom/person.ts";
import { revise, type Revised, type Revision } from "../post/revise.ts";
import { approve } from "../review/decide.ts";
import { mayDecide } from "./access.ts";
import type { Assets } from "./assets.ts";
import { conflictOf } from "./decisions.ts";
import type { EditorDeps } from "./deps.ts";
import type { EditorEnv } from "./door.ts";
import { formOf, revisionIn, withQuery } from "./forms.ts";
import { viewOf } from "./frame.ts";
import { draftOf, Theirs, type Draft } from "./parts/edit.tsx";
import { cardOf, type Card } from "./read/card.ts";
import type { Pages } from "./render.tsx";
import type { View } from "./view.ts";

type C = Context<EditorEnv>;
type Form = Readonly<Record<string, string>>;

/** Changing a post's text. Whatever is refused comes back with what was typed. */
export function createEditing(deps: EditorDeps, assets: Assets, pages: Pages) {
  const { store } = deps;

  return {
    async show(c: C): Promise<Response> {
      const card = await knownCard(c);
      if (!card) return pages.problem(c, 404, "problem.404");
      return pages.queue(c, card.id, { draft: draftOf(card) });
    },

    /** What happened to the post since its editing began: nothing, or a sentence and the other text. */
    async newer(c: C): Promise<Response> {
      const card = await knownCard(c);
      const revision = revisionIn(c.req.query("revision"));
      if (!card || revision === undefined) return pages.problem(c, 404, "problem.404");
      const v = viewOf(c, deps, assets);
      if (card.revision !== revision) {
        return c.html(
          <>
            <p class="notice bad">
              {v.t("conflict.changed", { who: card.writer ?? v.t("conflict.voice"), when: v.when(card.written_at) })}
            </p>
            <Theirs v={v} text={card.text} spoiler={card.spoiler} lang={card.lang} dir={card.dir} />
          </>,
        );
      }
      if (card.state !== "waiting")
        return c.html(<p class="notice">{v.t("edit.decided", { state: v.t(`state.${card.state}`) })}</p>);
      return c.html("");
    },

    async save(c: C): Promise<Response> {
      const form = await formOf(c);
      const postId = c.req.param("id") ?? "";
      const revision = revisionIn(form["revision"]);
      if (!isId(postId) || revision === undefined) return pages.problem(c, 400, "problem.400");
      const known = await knownCard(c);
      if (!known) return pages.problem(c, 404, "problem.404");
      const person = c.get("person");
      const v = viewOf(c, deps, assets);
      const typed = typedIn(form, known, revision);
      const revised = await revise(store, deps, { postId, person: person.id, ...changesIn(form, typed, known) });
      if (!revised.ok) return refused(c, v, postId, typed, revised);
      const seen = seenAccounts(person);
      const card = form["next"] === "approve" ? await cardOf(store, seen, postId) : undefined;
      if (!card || !mayDecide(person, card.account_id)) return c.redirect(withQuery("/", { post: postId, said: "saved" }), 303);
      const decided = await approve(store, { postId, revision: revised.revision, by: { person: person.id } });
      if (!decided.ok) return pages.queue(c, postId, { conflict: conflictOf(v, decided) }, 409);
      return pages.next(c, postId, "approved");
    },
  };

  async function refused(
    c: C,
    v: View,
    postId: string,
    typed: Draft,
    revised: Extract<Revised, { ok: false }>,
  ): Promise<Response> {
    const card = await cardOf(store, seenAccounts(c.get("person")), postId);
    if (!card || revised.code === "gone") return pages.problem(c, 404, "problem.404");
    if (revised.code === "changed") {
      // Saved once more, with both texts in sight, it may replace the other.
      const problem = v.t("edit.problem.changed", { who: revised.by ?? v.t("conflict.voice"), when: v.when(card.written_at) });
      return pages.queue(c, postId, { draft: { ...typed, revision: card.revision, problem, theirs: card.text } }, 409);
    }
    const over = (revised.length ?? 0) - (revised.limit ?? 0);
    // Few characters can be many bytes, which some networks count too.
    const code = revised.code === "too-long" && over <= 0 ? "too-many-bytes" : revised.code;
    const problem = v.t(`edit.problem.${code}`, {
      over,
      limit: revised.limit ?? 0,
      link: card.code === null ? "" : `${v.shortUrl}/${card.code}`,
    });
    return pages.queue(c, postId, { draft: { ...typed, problem } }, revised.code === "on-its-way" ? 409 : 422);
  }

  async function knownCard(c: C) {
    const id = c.req.param("id") ?? "";
    return isId(id) ? cardOf(store, seenAccounts(c.get("person")), id) : undefined;
  }
}

/** What a form holds, over what is saved: a field that was not shown stays as it was. */
function typedIn(form: Form, card: Card, revision: number): Draft {
  const saved = draftOf(card);
  return {
    text: (form["text"] ?? "").replaceAll("\r\n", "\n"),
    spoiler: form["spoiler"] ?? saved.spoiler,
    sensitive: form["pictures"] === undefined ? saved.sensitive : form["sensitive"] !== undefined,
    alts: Object.fromEntries(card.media.map(({ url, alt }) => [url, (form[`alt:${url}`] ?? alt).replaceAll("\r\n", "\n")])),
    revision,
  };
}

function changesIn(form: Form, typed: Draft, card: Card): Omit<Revision, "postId" | "person"> {
  return {
    revision: typed.revision,
    text: typed.text,
    ...(form["spoiler"] === undefined ? {} : { spoiler: typed.spoiler }),
    ...(form["pictures"] === undefined
      ? {}
      : { sensitive: typed.sensitive, alts: card.media.map(({ url, alt }) => typed.alts[url] ?? alt) }),
  };
}
