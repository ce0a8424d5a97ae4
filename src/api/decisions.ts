import { z } from "zod";
import { cleanText } from "../lib/text/clean.ts";
import type { ApiToken } from "../newsroom/token.ts";
import type { PostState } from "../post/post.ts";
import { lockPost } from "../post/store.ts";
import { approve, hold, reject, release, schedule, type About, type Decided } from "../review/decide.ts";
import { lastDecision, type By } from "../review/store.ts";
import type { Store } from "../store/db.ts";
import type { ApiDeps } from "./deps.ts";
import { barredFrom, Post, wholePost } from "./posts.ts";
import { notFound, problem, type Told } from "./problem.ts";
import { ok, route, type Call, type Done, type Route } from "./route.ts";
import { momentIn, revision, why } from "./schemas.ts";

/** A person's token decides as they would; a program's own as the rule it is. */
export function deciderOf(token: ApiToken): By {
  return token.person ? { person: token.person.id } : { rule: `token ${token.name}` };
}

const About = z.strictObject({ revision, why });
const Hold = z.strictObject({ revision, why, until: momentIn.optional() });
const Schedule = z.strictObject({ revision, why, at: momentIn });

interface Said {
  readonly revision: number;
  readonly why?: string | undefined;
  readonly until?: string | undefined;
  readonly at?: string | undefined;
}

/** Decisions, each a noun of its post: made by POST, taken back by DELETE, about exactly the revision that was seen. */
export function decisionRoutes(deps: ApiDeps): readonly Route[] {
  const after = async ({ db, token, param }: Call, decided: Decided): Promise<Done | Told> =>
    decided.ok ? ok(await wholePost(db, token, param("id"), deps.shortUrl)) : refusal(decided);

  const decides = (
    noun: string,
    summary: string,
    body: z.ZodType<Said>,
    decide: (store: Store, about: About, said: Said) => Promise<Decided>,
  ): Route =>
    route({
      method: "POST",
      path: `/posts/{id}/${noun}`,
      needs: "decide",
      summary,
      body,
      answers: { 200: Post },
      async handle(call) {
        const { store, db, token, param } = call;
        const barred = await barredFrom(db, token, param("id"), "decide");
        if (barred) return barred;
        const given = cleanText(call.body.why ?? "");
        const about = {
          postId: param("id"),
          revision: call.body.revision,
          by: deciderOf(token),
          ...(given ? { why: given } : {}),
        };
        return after(call, await decide(store, about, call.body));
      },
    });

  const takesBack = (noun: string, kind: string | null, state: PostState): Route =>
    route({
      method: "DELETE",
      path: `/posts/{id}/${noun}`,
      needs: "decide",
      personal: true,
      summary: `Takes it back where the post is ${state}: it waits again, for a person to decide.`,
      answers: { 200: Post },
      async handle(call) {
        const { store, db, token, param } = call;
        const barred = await barredFrom(db, token, param("id"), "decide");
        if (barred) return barred;
        const post = await lockPost(db, param("id"));
        const last = await lastDecision(db, param("id"));
        if (post && (post.state !== state || (kind !== null && last?.kind !== kind)))
          return refusal({
            ok: false,
            code: "decided",
            by: last?.by ?? null,
            state: post.state,
            revision: post.revision,
            ...(last ? { at: last.at } : {}),
          });
        return after(call, await release(store, { postId: param("id"), by: deciderOf(token) }));
      },
    });

  return [
    decides("approval", "Approves this revision, to go out as soon as its account may post.", About, approve),
    takesBack("approval", null, "approved"),
    decides("rejection", "Rejects this revision.", About, reject),
    takesBack("rejection", null, "rejected"),
    decides("hold", "Puts the post aside, until a time or until somebody takes it up again.", Hold, (store, about, { until }) =>
      hold(store, { ...about, until: until === undefined ? undefined : new Date(until) }),
    ),
    takesBack("hold", null, "held"),
    decides("schedule", "Approves this revision, to go out at a time and not before.", Schedule, (store, about, { at }) =>
      schedule(store, { ...about, at: new Date(at ?? 0) }),
    ),
    takesBack("schedule", "schedule", "approved"),
    takesBack("expiry", null, "expired"),
  ];
}

type Refused = Extract<Decided, { ok: false }>;

/** Who was first, and when; or what changed meanwhile. */
function refusal(refused: Refused): Told {
  const who = refused.by ?? "Slugline";
  const when = refused.at ? ` at ${refused.at.toISOString()}` : "";
  switch (refused.code) {
    case "gone":
      return notFound();
    case "past":
      return problem(422, "past", "The time asked for is over.", { errors: [{ path: "at", problem: "is over." }] });
    case "changed":
      return problem(
        409,
        "changed",
        `${who} wrote another text${when}: read revision ${refused.revision} before deciding.`,
        standing(refused),
      );
    case "on-its-way":
      return problem(
        409,
        "on-its-way",
        "The post is being sent, or was: from then on nothing about it changes.",
        standing(refused),
      );
    case "same-words":
      return problem(
        409,
        "same-words",
        `The account ${who} already says the same, and the network forbids it.`,
        standing(refused),
      );
    case "decided":
      return problem(409, "decided", `${who} decided otherwise${when}: the post is ${refused.state}.`, standing(refused));
  }
}

function standing({ by, at, state, revision }: Refused) {
  return { decided: { by: by ?? null, at: at ?? null, state: state ?? null, revision: revision ?? null } };
}
