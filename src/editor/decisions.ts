import type { Context } from "hono";
import { answer, type Answer } from "../delivery/answer.ts";
import { isId } from "../lib/id.ts";
import { approve, hold, reject, release, schedule, type About, type Decided } from "../review/decide.ts";
import type { Assets } from "./assets.ts";
import type { EditorDeps } from "./deps.ts";
import type { EditorEnv } from "./door.ts";
import { formOf, pathIn, revisionIn, withQuery } from "./forms.ts";
import { viewOf } from "./frame.ts";
import type { Pages } from "./render.tsx";
import type { View } from "./view.ts";
import { momentAt } from "../lib/zone.ts";

type C = Context<EditorEnv>;
type Form = Readonly<Record<string, string>>;

/** Decisions: each about exactly the revision the form showed; then the queue with the next post selected. */
export function createDecisions(deps: EditorDeps, assets: Assets, pages: Pages) {
  const { store } = deps;

  const act = (said: string, decide: (about: About, form: Form) => Promise<Decided | "no-time">) => async (c: C) => {
    const form = await formOf(c);
    const postId = c.req.param("id") ?? "";
    const revision = revisionIn(form["revision"]);
    if (!isId(postId) || revision === undefined) return pages.problem(c, 400, "problem.400");
    const why = form["why"]?.trim().slice(0, 300);
    const decided = await decide({ postId, revision, by: { person: c.get("person").id }, ...(why ? { why } : {}) }, form);
    if (decided === "no-time") return pages.queue(c, postId, { conflict: viewOf(c, deps, assets).t("conflict.no-time") }, 422);
    return after(c, postId, decided, said);
  };

  async function after(c: C, postId: string, decided: Decided, said: string): Promise<Response> {
    if (decided.ok) return pages.next(c, postId, said);
    if (decided.code === "gone") return pages.problem(c, 404, "problem.404");
    const v = viewOf(c, deps, assets);
    return pages.queue(c, postId, { conflict: conflictOf(v, decided) }, decided.code === "past" ? 422 : 409);
  }

  return {
    approve: act("approved", (about) => approve(store, about)),
    reject: act("rejected", (about) => reject(store, about)),
    hold: act("held", (about) => hold(store, about)),
    schedule: act("scheduled", async (about, form) => {
      const at = momentAt(form["at"] ?? "", deps.site.timeZone);
      return at === null ? "no-time" : schedule(store, { ...about, at });
    }),

    async release(c: C): Promise<Response> {
      const postId = c.req.param("id") ?? "";
      if (!isId(postId)) return pages.problem(c, 404, "problem.404");
      const decided = await release(store, { postId, by: { person: c.get("person").id } });
      if (decided.ok) return c.redirect(withQuery("/", { post: postId, said: "released" }), 303);
      return after(c, postId, decided, "released");
    },

    /** What became of a delivery nobody but a person can tell of; or a refused one sent again or dropped. */
    async answer(c: C): Promise<Response> {
      const form = await formOf(c);
      const deliveryId = c.req.param("id") ?? "";
      const said = form["answer"];
      if (!isId(deliveryId) || !isAnswer(said)) return pages.problem(c, 400, "problem.400");
      const url = form["url"]?.trim();
      if ((said === "there" || (said === "again" && url)) && !/^https?:\/\/\S+$/i.test(url ?? ""))
        return pages.problem(c, 422, "problem.url");
      const answered = await answer(store, { deliveryId, answer: said, ...(url ? { url } : {}), person: c.get("person").id });
      if (!answered.ok)
        return pages.problem(
          c,
          answered.code === "gone" ? 404 : 409,
          answered.code === "gone" ? "problem.404" : "problem.answered",
        );
      return c.redirect(withQuery(pathIn(form["back"]), { said: SAID[said] }), 303);
    },
  };
}

const SAID: Readonly<Record<Answer, string>> = { there: "answered", again: "retried", drop: "dropped" };

function isAnswer(text: string | undefined): text is Answer {
  return text !== undefined && Object.hasOwn(SAID, text);
}

/** Who was first, and when; or what changed. */
export function conflictOf(v: View, refused: Extract<Decided, { ok: false }>): string {
  const who = refused.by ?? v.t("conflict.voice");
  const when = refused.at ? v.when(refused.at) : "";
  return v.t(`conflict.${refused.code}`, { who, when, state: refused.state ? v.t(`state.${refused.state}`) : "" });
}
