import { z } from "zod";
import { revise, type Revised } from "../post/revise.ts";
import type { ApiDeps } from "./deps.ts";
import { barredFrom, etagOf, Post, wholePost } from "./posts.ts";
import { notFound, problem, type Told } from "./problem.ts";
import { ok, route, type Route } from "./route.ts";
import { revision } from "./schemas.ts";

const Change = z.strictObject({
  revision: revision.optional().describe("The revision that was seen; or give it as If-Match."),
  text: z.string().max(20_000),
  spoiler: z.string().max(500).nullable().optional().describe("The warning before the text; null takes it away."),
  sensitive: z.boolean().optional(),
  alts: z.array(z.string().max(2_000)).max(20).optional().describe("Alternative texts of its pictures, in their order."),
});

/** A person's own words for a post. */
export function textRoutes(deps: ApiDeps): readonly Route[] {
  return [
    route({
      method: "PATCH",
      path: "/posts/{id}",
      needs: "write",
      personal: true,
      summary: "Writes another text: a new revision, which voids whatever was decided about the one before.",
      body: Change,
      answers: { 200: Post },
      refuses: [412, 428],
      async handle({ store, db, token, param, header, body }) {
        const barred = await barredFrom(db, token, param("id"), "write");
        if (barred) return barred;
        const matched = revisionIn(header("if-match"));
        const seen = body.revision ?? matched;
        if (seen === undefined || Number.isNaN(seen))
          return problem(428, "revision-missing", "Say which revision was seen: `revision` in the body, or If-Match.");
        const { revision: _, spoiler, sensitive, alts, text } = body;
        const revised = await revise(store, deps, {
          postId: param("id"),
          revision: seen,
          text,
          person: token.person?.id ?? "",
          ...(spoiler === undefined ? {} : { spoiler }),
          ...(sensitive === undefined ? {} : { sensitive }),
          ...(alts === undefined ? {} : { alts }),
        });
        if (!revised.ok) return refusalOf(revised, body.revision === undefined);
        return ok(await wholePost(db, token, param("id"), deps.shortUrl), { ETag: etagOf(revised.revision) });
      },
    }),
  ];
}

/** A revision from If-Match; NaN for one that names none, undefined for no header. */
function revisionIn(header: string | undefined): number | undefined {
  return header === undefined ? undefined : Number(/^"([1-9]\d{0,8})"$/.exec(header.trim())?.[1]);
}

/** Why a text, or a part, was not taken. */
export function refusalOf(refused: Extract<Revised, { ok: false }>, matched: boolean): Told {
  const wrong = (path: string, sentence: string) =>
    problem(422, refused.code, sentence, { errors: [{ path, problem: sentence }] });
  switch (refused.code) {
    case "gone":
      return notFound();
    case "changed":
      return problem(
        matched ? 412 : 409,
        "changed",
        `${refused.by ?? "Slugline"} wrote another text meanwhile: read it before writing yours.`,
        {
          decided: { by: refused.by ?? null, at: null, state: null, revision: null },
        },
      );
    case "on-its-way":
      return problem(409, "on-its-way", "The post is being sent, or was: from then on its text stays.");
    case "empty":
      return wrong("text", "A post needs words.");
    case "too-long":
      return wrong("text", `The text counts ${refused.length}; the network takes ${refused.limit}.`);
    case "link-missing":
      return wrong("text", "The post's own short link must stand in the text, once.");
    case "alt-too-long":
      return wrong("alts", `An alternative text counts ${refused.length}; the network takes ${refused.limit}.`);
    case "no-spoiler":
      return wrong("spoiler", "The network has no field for a warning; it belongs into the text.");
  }
}
