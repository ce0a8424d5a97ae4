import type { Context } from "hono";
import { isId } from "../lib/id.ts";
import { seenAccounts } from "../newsroom/person.ts";
import { declineCorrection, shareAgain, writeCorrection, type Occasioned } from "../post/occasions.ts";
import { addPart, removePart, type Parted } from "../post/parts.ts";
import type { Assets } from "./assets.ts";
import type { EditorDeps } from "./deps.ts";
import type { EditorEnv } from "./door.ts";
import { formOf, revisionIn, withQuery } from "./forms.ts";
import { viewOf } from "./frame.ts";
import { cardOf } from "./read/card.ts";
import type { Pages } from "./render.tsx";

type C = Context<EditorEnv>;

/** What is said beside a first post: further parts of it, the story once more, a correction. */
export function createOccasions(deps: EditorDeps, assets: Assets, pages: Pages) {
  const { store } = deps;

  return {
    async addPart(c: C): Promise<Response> {
      const form = await formOf(c);
      const about = aboutIn(c, form);
      if (!about) return pages.problem(c, 400, "problem.400");
      const text = (form["text"] ?? "").replaceAll("\r\n", "\n");
      return afterPart(c, about.postId, await addPart(store, deps, { ...about, text }), "part-added");
    },

    async removePart(c: C): Promise<Response> {
      const about = aboutIn(c, await formOf(c));
      if (!about) return pages.problem(c, 400, "problem.400");
      return afterPart(c, about.postId, await removePart(store, about), "part-removed");
    },

    async reshare(c: C): Promise<Response> {
      const about = { postId: c.req.param("id") ?? "", person: c.get("person").id };
      return afterOccasion(c, about.postId, await shareAgain(deps, about), "reshared");
    },

    async correct(c: C): Promise<Response> {
      const about = { postId: c.req.param("id") ?? "", person: c.get("person").id };
      if ((await formOf(c))["needed"] === "no") {
        await declineCorrection(store, about);
        return c.redirect(withQuery(`/posts/${about.postId}`, { said: "correction-declined" }), 303);
      }
      return afterOccasion(c, about.postId, await writeCorrection(deps, about), "corrected");
    },
  };

  function aboutIn(c: C, form: Readonly<Record<string, string>>) {
    const postId = c.req.param("id") ?? "";
    const revision = revisionIn(form["revision"]);
    return isId(postId) && revision !== undefined ? { postId, revision, person: c.get("person").id } : undefined;
  }

  async function afterPart(c: C, postId: string, parted: Parted, said: string): Promise<Response> {
    if (parted.ok) return c.redirect(withQuery("/", { post: parted.id, said }), 303);
    if (parted.code === "gone") return pages.problem(c, 404, "problem.404");
    const v = viewOf(c, deps, assets);
    const [length, limit] = "limit" in parted ? [parted.length ?? 0, parted.limit ?? 0] : [0, 0];
    const args = { over: length - limit, limit, link: "", who: ("by" in parted && parted.by) || v.t("conflict.voice") };
    const own = `part.problem.${parted.code}`;
    const conflict = v.t(v.has(own) ? own : `edit.problem.${parted.code}`, args);
    return pages.queue(c, postId, { conflict }, v.has(own) ? 409 : 422);
  }

  async function afterOccasion(c: C, postId: string, done: Occasioned, said: string): Promise<Response> {
    if (done.ok) return c.redirect(withQuery("/", { post: done.id, said }), 303);
    if (done.code === "gone") return pages.problem(c, 404, "problem.404");
    const conflict = viewOf(c, deps, assets).t(`reshare.problem.${done.code}`);
    const there = done.post === undefined ? undefined : await cardOf(store, seenAccounts(c.get("person")), done.post);
    return pages.queue(c, there?.id ?? postId, { conflict }, 409);
  }
}
