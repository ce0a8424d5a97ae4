import type { Context } from "hono";
import { isId } from "../lib/id.ts";
import { may } from "../newsroom/person.ts";
import { revise, type Revised } from "../post/revise.ts";
import { approve } from "../review/decide.ts";
import type { Assets } from "./assets.ts";
import { conflictOf } from "./decisions.ts";
import type { EditorDeps } from "./deps.ts";
import type { EditorEnv } from "./door.ts";
import { formOf, revisionIn, withQuery } from "./forms.ts";
import { viewOf } from "./frame.ts";
import { Theirs } from "./parts/edit.tsx";
import { cardOf } from "./read/card.ts";
import { nextWaiting } from "./read/queue.ts";
import type { Pages } from "./render.tsx";
import type { View } from "./view.ts";

type C = Context<EditorEnv>;

/** Changing a post's text. Whatever is refused comes back with what was typed. */
export function createEditing(deps: EditorDeps, assets: Assets, pages: Pages) {
  const { store } = deps;

  return {
    async show(c: C): Promise<Response> {
      const card = await knownCard(c);
      if (!card) return pages.problem(c, 404, "problem.404");
      return pages.queue(c, card.id, { draft: { text: card.text, revision: card.revision } });
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
            <Theirs v={v} text={card.text} lang={card.lang} dir={card.dir} />
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
      const text = (form["text"] ?? "").replaceAll("\r\n", "\n");
      const person = c.get("person").id;
      const v = viewOf(c, deps, assets);
      const revised = await revise(store, deps, { postId, revision, text, person });
      if (!revised.ok) return refused(c, v, postId, { text, revision }, revised);
      if (form["next"] !== "approve" || !may(c.get("person").role, "decide"))
        return c.redirect(withQuery("/", { post: postId, said: "saved" }), 303);
      const decided = await approve(store, { postId, revision: revised.revision, by: { person } });
      if (!decided.ok) return pages.queue(c, postId, { conflict: conflictOf(v, decided) }, 409);
      return c.redirect(withQuery("/", { post: await nextWaiting(store, postId), said: "approved", of: postId }), 303);
    },
  };

  async function refused(
    c: C,
    v: View,
    postId: string,
    typed: { text: string; revision: number },
    revised: Extract<Revised, { ok: false }>,
  ): Promise<Response> {
    const card = await cardOf(store, postId);
    if (!card || revised.code === "gone") return pages.problem(c, 404, "problem.404");
    if (revised.code === "changed") {
      // Saved once more, with both texts in sight, it may replace the other.
      const problem = v.t("edit.problem.changed", { who: revised.by ?? v.t("conflict.voice"), when: v.when(card.written_at) });
      return pages.queue(c, postId, { draft: { text: typed.text, revision: card.revision, problem, theirs: card.text } }, 409);
    }
    const over = (revised.length ?? 0) - (revised.limit ?? 0);
    const problem = v.t(`edit.problem.${revised.code}`, {
      over,
      limit: revised.limit ?? 0,
      link: card.code === null ? "" : `${v.shortUrl}/${card.code}`,
    });
    return pages.queue(c, postId, { draft: { ...typed, problem } }, revised.code === "on-its-way" ? 409 : 422);
  }

  async function knownCard(c: C) {
    const id = c.req.param("id") ?? "";
    return isId(id) ? cardOf(store, id) : undefined;
  }
}
