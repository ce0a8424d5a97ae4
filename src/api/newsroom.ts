import { z } from "zod";
import { releaseHeld } from "../article/release.ts";
import { BRAKE_OF_ACCOUNT } from "../delivery/brake-told.ts";
import { factsOf } from "../delivery/facts.ts";
import { troubles } from "../health/health.ts";
import { cleanText } from "../lib/text/clean.ts";
import { may } from "../newsroom/person.ts";
import { pause, paused, resume } from "../newsroom/store.ts";
import type { Db } from "../store/db.ts";
import { deciderOf } from "./decisions.ts";
import { allOf, seen } from "./list.ts";
import { notFound, problem } from "./problem.ts";
import { ok, route, type Call, type Route } from "./route.ts";
import { id, listOf, moment, reason, why } from "./schemas.ts";

const Money = z
  .object({ limit: z.int(), spent: z.int(), left: z.int(), leftForBreaking: z.int(), until: moment })
  .nullable()
  .describe("In millionths of the currency's unit; `until` when it is full again; null without a limit.");

const Account = z
  .object({
    id,
    name: z.string(),
    network: z.string(),
    server: z.string(),
    handle: z.string().nullable(),
    lang: z.string().nullable(),
    voice: z.string(),
    mode: z.enum(["review", "auto"]),
    rehearsal: z.boolean(),
    rehearsalWhy: reason.nullable().describe("Why it is held in rehearsal although it is not declared so."),
    rehearsing: z.boolean().describe("Whether it is in rehearsal now: declared, held there, or at a press."),
    rehearsalSince: moment.nullable().describe("Since when at a press; null: not at one."),
    rehearsalBy: z.string().nullable().describe("Who pressed."),
    state: z.enum(["active", "locked-out", "disabled"]),
    stateWhy: reason.nullable(),
    stateSince: moment,
    verified: moment.nullable(),
    tokenEnds: moment.nullable().describe("When its access ends; null where it does not, is renewed by itself, or is not known."),
    renewError: z.string().nullable().describe("Why its access could not be renewed the last time."),
    proved: moment.nullable().describe("When a marked post was last posted there, found and removed."),
    lastPosted: moment.nullable(),
    brake: z
      .object({
        kind: z.enum(["limited", "open", "gathering-pace"]),
        of: z.enum(["account", "app", "host"]),
        host: z.string().nullable(),
        why: reason.nullable(),
        until: z.iso.datetime(),
      })
      .nullable()
      .describe("What keeps its posts back though it works: a limit of its network, or a host that fails or is just back."),
    rest: z
      .object({ why: z.enum(["spacing", "cap-hour", "cap-day", "quiet", "budget"]), until: moment })
      .nullable()
      .describe("Why its ordinary posts wait by the newsroom's own allowance, and until when."),
    postsLeft: z
      .object({ hour: z.int().nullable(), day: z.int().nullable() })
      .describe("By the newsroom's own caps; null without one."),
    budget: z.object({ currency: z.string(), day: Money, month: Money }).nullable(),
  })
  .meta({ id: "Account" });

const Trouble = z
  .object({
    code: z.string(),
    severity: z.enum(["alarm", "warning"]),
    since: moment.nullable(),
    args: z.record(z.string(), z.union([reason, z.number()])),
    source: id.optional(),
    article: id.optional(),
    account: id.optional(),
    post: id.optional(),
    delivery: id.optional(),
  })
  .meta({ id: "Trouble" });

const Source = z
  .object({
    id,
    name: z.string(),
    kind: z.enum(["feed", "hook"]),
    url: z.string().nullable(),
    state: z.enum(["active", "gone", "disabled"]),
    stateWhy: reason.nullable(),
    lastOk: moment.nullable(),
    lastNew: moment.nullable(),
    nextCheck: moment.nullable(),
    failures: z.int(),
    failingSince: moment.nullable(),
    error: reason.nullable(),
    held: z.int().describe("Stories that came in a flood and wait for an answer."),
  })
  .meta({ id: "Source" });

const Pause = z
  .object({ paused: z.object({ at: moment, by: z.string(), why: z.string() }).nullable().describe("null: sending goes on") })
  .meta({ id: "Pause" });

export const newsroomRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/accounts",
    needs: "read",
    summary: "The accounts the token may see.",
    answers: { 200: listOf(Account) },
    async handle({ db, token }) {
      const { sql, values } = allOf(seen(token, "a.id"));
      const { rows } = await db.query<{ id: string }>(
        `select a.id, a.name, a.network, a.server, coalesce(a.remote_handle, a.handle) as handle, a.lang, a.voice, a.mode, a.rehearsal,
                a.rehearsal_why as "rehearsalWhy", a.rehearsing, a.rehearsal_at as "rehearsalSince", a.rehearsal_by as "rehearsalBy", a.state, a.state_why as "stateWhy", a.state_at as "stateSince", a.verified_at as verified, ${BRAKE_OF_ACCOUNT} as brake,
                case when a.token_renews then a.refresh_ends_at else a.token_ends_at end as "tokenEnds", a.renew_error as "renewError", a.proved_at as proved,
                (select max(d.posted_at) from slugline.delivery d where d.account_id = a.id and d.state = 'posted') as "lastPosted"
           from slugline.account a where ${sql} order by a.name limit 1000`,
        values,
      );
      const facts = await factsOf(
        db,
        rows.map((row) => row.id),
      );
      const items = rows.map((row) => {
        const its = facts.find(({ accountId }) => accountId === row.id);
        const postsLeft = { hour: its?.hour?.left ?? null, day: its?.day?.left ?? null };
        return { ...row, rest: its?.rest ?? null, postsLeft, budget: its?.budget ?? null };
      });
      return ok({ items, next: null });
    },
  }),
  route({
    method: "GET",
    path: "/sources",
    needs: "read",
    summary: "Where stories come from, and how it goes.",
    answers: { 200: listOf(Source) },
    handle: async ({ db }) => ok({ items: await sources(db), next: null }),
  }),
  route({
    method: "POST",
    path: "/sources/{id}/held",
    needs: "decide",
    personal: true,
    summary: "A person's answer about stories that came in a flood: they are news, or only known from now on.",
    body: z.strictObject({ answer: z.enum(["news", "known"]) }),
    answers: { 200: z.object({ released: z.int() }) },
    async handle({ store, db, token, param, body }) {
      const { rows } = await db.query("select from slugline.source where id = $1", [param("id")]);
      if (rows.length === 0) return notFound();
      return ok({
        released: await releaseHeld(store, { sourceId: param("id"), answer: body.answer, person: token.person?.id ?? "" }),
      });
    },
  }),
  route({
    method: "GET",
    path: "/troubles",
    needs: "read",
    summary: "What is silent, late or wrong right now, alarms first.",
    answers: { 200: listOf(Trouble) },
    async handle({ db, token }) {
      const all = await troubles(db);
      return ok({ items: all.filter(({ account }) => account === undefined || may(token, "see", account)), next: null });
    },
  }),
  route({
    method: "GET",
    path: "/pause",
    needs: "read",
    summary: "Whether all sending is stopped.",
    answers: { 200: Pause },
    handle: async ({ db }) => ok({ paused: (await paused(db)) ?? null }),
  }),
  route({
    method: "PUT",
    path: "/pause",
    needs: "stop",
    summary: "Stops all sending. What is on its way is followed to its end.",
    body: z.strictObject({ why }),
    answers: { 200: Pause },
    async handle(call) {
      await pause(call.store, nameOf(call), cleanText(call.body.why ?? ""));
      return ok({ paused: (await paused(call.db)) ?? null });
    },
  }),
  route({
    method: "DELETE",
    path: "/pause",
    needs: "stop",
    summary: "Lets sending go on; not while the newsroom is on hold after a restore.",
    refuses: [409],
    answers: { 200: Pause },
    async handle(call) {
      if (!(await resume(call.store, nameOf(call))))
        return problem(
          409,
          "on-hold",
          "The newsroom was restored and is on hold: only the end of the hold (DELETE /hold) lets sending go on.",
        );
      return ok({ paused: null });
    },
  }),
];

export function nameOf({ token }: Pick<Call, "token">): string {
  const by = deciderOf(token);
  return token.person?.name ?? ("rule" in by ? by.rule : token.name);
}

async function sources(db: Db): Promise<object[]> {
  const { rows } = await db.query(
    `select s.id, s.name, s.kind, s.url, s.state, s.state_why as "stateWhy", s.last_ok_at as "lastOk", s.last_new_at as "lastNew",
            nullif(s.next_check_at, '-infinity') as "nextCheck", s.failures, s.failing_since as "failingSince", s.error,
            (select count(*)::int from slugline.article r where r.source_id = s.id and r.state = 'held') as held
       from slugline.source s order by s.name limit 1000`,
  );
  return rows;
}
