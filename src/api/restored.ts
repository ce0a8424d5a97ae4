import { z } from "zod";
import { beginRehearsal, endRehearsal, type Pressed } from "../delivery/rehearse.ts";
import { endHold, holdOf } from "../newsroom/hold.ts";
import { may } from "../newsroom/person.ts";
import type { ApiDeps } from "./deps.ts";
import { nameOf } from "./newsroom.ts";
import { barred } from "./posts.ts";
import { notFound, problem, type Told } from "./problem.ts";
import { ok, route, type Call, type Done, type Route } from "./route.ts";
import { moment } from "./schemas.ts";

const Hold = z
  .object({
    hold: z
      .object({
        backupAt: moment.describe("The moment of the backup: what was sent since is looked for."),
        restoredAt: moment,
        open: z.int().describe("Being looked for on their networks."),
        found: z.int().describe("Found there: posted since the backup."),
        asked: z.int().describe("A person is asked about them."),
        stories: z.int().describe("Stories that were perhaps posted before the restore and wait for an answer."),
        unseen: z.int().describe("Feeds that were not read since."),
      })
      .nullable()
      .describe("null: there is none"),
  })
  .meta({ id: "Hold" });

const Rehearsal = z
  .object({
    rehearsing: z.boolean(),
    why: z.enum(["declared", "held"]).nullable().describe("What keeps it in rehearsal although no press does."),
    back: z.int().describe("Approved posts that wait for a decision again."),
  })
  .meta({ id: "Rehearsal" });

/** What stands between the newsroom and its followers: the hold after a restore, and rehearsal at a press. */
export function restoredRoutes(deps: ApiDeps): readonly Route[] {
  return [
    route({
      method: "GET",
      path: "/hold",
      needs: "read",
      summary: "Whether the newsroom is on hold after a restore, and how far the search for what is out is.",
      answers: { 200: Hold },
      handle: async ({ db }) => ok({ hold: (await holdOf(db)) ?? null }),
    }),
    route({
      method: "DELETE",
      path: "/hold",
      needs: "decide",
      personal: true,
      summary: "A person's word that sending goes on; possible once nothing is being looked for.",
      answers: { 200: Hold },
      refuses: [409],
      async handle(call) {
        if (!may(call.token, "decide"))
          return problem(403, "role-too-small", `The role of ${call.token.name} does not allow this for the whole newsroom.`);
        const ended = await endHold(call.store, { name: nameOf(call), person: call.token.person?.id ?? null });
        if (!ended.ok && ended.code === "open")
          return problem(409, "hold-open", `${ended.open} posts are still being looked for on their networks.`);
        return ok({ hold: null });
      },
    }),
    route({
      method: "POST",
      path: "/accounts/{id}/rehearsal",
      needs: "decide",
      summary: "Puts an account into rehearsal, whatever newsroom.yaml says: nothing of it reaches its network.",
      answers: { 200: Rehearsal },
      handle: (call) => pressed(call, "decide", (by) => beginRehearsal(call.store, call.param("id"), by)),
    }),
    route({
      method: "DELETE",
      path: "/accounts/{id}/rehearsal",
      needs: "manage",
      summary: "Ends a rehearsal that was begun at a press. What was approved in it waits for a decision again.",
      answers: { 200: Rehearsal },
      handle: (call) => pressed(call, "manage", (by) => endRehearsal(call.store, call.param("id"), by, deps.shortUrl)),
    }),
  ];
}

async function pressed(
  call: Call,
  act: "decide" | "manage",
  press: (by: { name: string; person: string | null }) => Promise<Pressed | undefined>,
): Promise<Done | Told> {
  const { rows } = await call.db.query<{ account_id: string; name: string }>(
    "select id as account_id, name from slugline.account where id = $1",
    [call.param("id")],
  );
  const refused = barred(call.token, rows[0], act);
  if (refused) return refused;
  const done = await press({ name: nameOf(call), person: call.token.person?.id ?? null });
  return done ? ok(done) : notFound();
}
