import { z } from "zod";
import { addPart, MOST_PARTS, removePart, type Parted } from "../post/parts.ts";
import { shareAgain, writeCorrection, type Occasioned } from "../post/occasions.ts";
import type { ApiDeps } from "./deps.ts";
import { barredFrom, etagOf, Post, wholePost } from "./posts.ts";
import { notFound, problem, type Told } from "./problem.ts";
import { ok, route, type Call, type Done, type Route } from "./route.ts";
import { revision } from "./schemas.ts";
import { refusalOf } from "./texts.ts";

const Part = z.strictObject({
  revision: revision.describe("The revision of the post that was seen; of a thread it stands for all its parts."),
  text: z.string().max(20_000),
});

/** What is said beside the first post: further parts of it, the same story once more, a correction. */
export function occasionRoutes(deps: ApiDeps): readonly Route[] {
  const made = async ({ db, token }: Call, done: Occasioned | Parted): Promise<Done | Told> => {
    if (!done.ok) return refused(done);
    const post = await wholePost(db, token, done.id, deps.shortUrl);
    return { status: 201, body: post, headers: { ETag: etagOf(post?.revision ?? 1), Location: `/api/v1/posts/${done.id}` } };
  };

  const writes = (
    noun: string,
    summary: string,
    write: (deps: ApiDeps, about: { readonly postId: string; readonly person: string | null }) => Promise<Occasioned>,
  ): Route =>
    route({
      method: "POST",
      path: `/posts/{id}/${noun}`,
      needs: "write",
      summary,
      answers: { 201: Post },
      async handle(call) {
        const { store, db, token, param } = call;
        const barred = await barredFrom(db, token, param("id"), "write");
        if (barred) return barred;
        return made(call, await write({ ...deps, store }, { postId: param("id"), person: token.person?.id ?? null }));
      },
    });

  return [
    route({
      method: "POST",
      path: "/posts/{id}/parts",
      needs: "write",
      personal: true,
      summary: "Adds a part at the end of the post's thread: whatever was decided about parts not yet on their way is void.",
      body: Part,
      answers: { 201: Post },
      async handle(call) {
        const { store, db, token, param, body } = call;
        const barred = await barredFrom(db, token, param("id"), "write");
        if (barred) return barred;
        const about = { postId: param("id"), revision: body.revision, person: token.person?.id ?? "" };
        return made(call, await addPart(store, deps, { ...about, text: body.text }));
      },
    }),
    route({
      method: "DELETE",
      path: "/posts/{id}",
      needs: "write",
      personal: true,
      summary: "Takes a part out of its thread, where it is not on its way; answers with the thread's first part.",
      query: z.strictObject({
        revision: z.coerce.number().int().min(1).optional().describe("The revision of it that was seen; without it, refused."),
      }),
      answers: { 200: Post },
      refuses: [428],
      async handle({ store, db, token, param, query }) {
        const barred = await barredFrom(db, token, param("id"), "write");
        if (barred) return barred;
        if (query.revision === undefined)
          return problem(428, "revision-missing", "Say which revision of it was seen: `revision`.");
        const about = { postId: param("id"), revision: query.revision, person: token.person?.id ?? "" };
        const done = await removePart(store, about);
        if (!done.ok) return refused(done);
        return ok(await wholePost(db, token, done.id, deps.shortUrl), { ETag: etagOf(done.revision) });
      },
    }),
    writes("reshares", "Writes another post about the same story, with a link of its own, which waits.", shareAgain),
    writes(
      "corrections",
      "Writes a correction of a post that is out, as an answer to it where the network can; it waits.",
      writeCorrection,
    ),
  ];
}

type Refused = Exclude<Occasioned | Parted, { ok: true }>;

function refused(refusal: Refused): Told {
  return isOfText(refusal) ? refusalOf(refusal, false) : refusalOfOccasion(refusal);
}

type OfText = Extract<Refused, { length?: number }>;

function isOfText(refusal: Refused): refusal is OfText {
  return !["too-many", "first", "decided", "not-posted", "open", "withdrawn", "disabled"].includes(refusal.code);
}

function refusalOfOccasion(refusal: Exclude<Refused, OfText>): Told {
  switch (refusal.code) {
    case "gone":
      return notFound();
    case "too-many":
      return problem(409, "too-many", `A thread has at most ${MOST_PARTS} parts.`);
    case "first":
      return problem(409, "first-part", "The first part is the post itself: reject it instead.");
    case "decided":
      return problem(409, "decided", "The post is rejected, held or expired: take that back first.");
    case "not-posted":
      return problem(409, "not-posted", "The post is not out: change its text instead.");
    case "open":
      return problem(409, "open", `One is written already and not on its way: decide about post ${refusal.post}.`);
    case "withdrawn":
      return problem(409, "withdrawn", "The article was withdrawn: a link would lead nowhere.");
    case "disabled":
      return problem(409, "disabled", "The account posts no more.");
  }
}
