import { z } from "zod";
import { answer } from "../delivery/answer.ts";
import { DELIVERY_STATES } from "../delivery/delivery.ts";
import type { ApiToken } from "../newsroom/token.ts";
import type { Db } from "../store/db.ts";
import { allOf, listed, listQuery, named, seen, where } from "./list.ts";
import { barred } from "./posts.ts";
import { notFound, problem, type Told } from "./problem.ts";
import { ok, route, type Route } from "./route.ts";
import { id, listOf, moment, reason } from "./schemas.ts";

const line = {
  id,
  post: id,
  account: z.string(),
  network: z.string(),
  state: z.enum(DELIVERY_STATES as ["due", ...typeof DELIVERY_STATES]),
  revision: z.int(),
  why: reason.nullable(),
  attempts: z.int(),
  next: moment.nullable().describe("When something is done about it next; null where nothing will be by itself."),
  url: z.string().nullable().describe("Where the post stands."),
  posted: moment.nullable(),
  assumed: z.enum(["person", "rule"]).nullable().describe("Who says it is there, where the network could not tell."),
  created: moment,
  updated: moment,
};

const DeliveryLine = z.object(line).meta({ id: "DeliveryLine" });

const Delivery = z
  .object({
    ...line,
    tries: z.array(
      z.object({
        kind: z.enum(["send", "look"]),
        began: moment,
        ended: moment.nullable(),
        outcome: z.string().nullable(),
        why: reason.nullable(),
      }),
    ),
  })
  .meta({ id: "Delivery" });

/** Its account's own allowance keeps it: told there, once for all of them. */
const RESTS = "d.state = 'due' and d.priority <> 'breaking' and a.rests_until > slugline.now()";

const LINE = `d.id, d.post_id as post, a.name as account, a.network, d.state, d.revision, case when ${RESTS} then a.rests_why else d.why end as why, d.attempts,
  case when ${RESTS} then a.rests_until when d.state in ('due', 'sending', 'unknown', 'stale') then d.next_at end as next, d.remote_url as url, d.posted_at as posted,
  d.assumed, d.created_at as created, d.updated_at as updated`;
const FROM = "slugline.delivery d join slugline.account a on a.id = d.account_id";

const Answer = z.strictObject({
  answer: z.enum(["there", "again", "drop"]).describe("It is there; send it again; leave it."),
  url: z
    .url({ protocol: /^https?$/, error: "must be an http(s) address." })
    .max(2_000)
    .optional()
    .describe("Where it stands; needed with `there`."),
});

export const deliveryRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/deliveries",
    needs: "read",
    summary: "Deliveries of the accounts the token may see.",
    query: z.strictObject({
      ...listQuery,
      state: line.state.optional(),
      account: z.string().max(200).optional().describe("An account's name."),
    }),
    answers: { 200: listOf(DeliveryLine) },
    async handle({ db, token, query }) {
      const conditions = [
        seen(token, "d.account_id"),
        ...(query.state ? [where("d.state = ?", query.state)] : []),
        ...(query.account ? [await named(db, "account", "d.account_id", query.account)] : []),
      ];
      return ok(await listed(db, { columns: LINE, from: FROM, row: "d", where: conditions }, query));
    },
  }),
  route({
    method: "GET",
    path: "/deliveries/{id}",
    needs: "read",
    summary: "One delivery with its attempts, the latest first.",
    answers: { 200: Delivery },
    async handle({ db, token, param }) {
      const delivery = await wholeDelivery(db, token, param("id"));
      return delivery ? ok(delivery) : notFound();
    },
  }),
  route({
    method: "POST",
    path: "/deliveries/{id}/answer",
    needs: "decide",
    personal: true,
    summary: "A person's word about a delivery that is asked, refused or locked-out.",
    body: Answer,
    answers: { 200: Delivery },
    async handle({ store, db, token, param, body }) {
      const { rows } = await db.query<{ account_id: string; name: string }>(
        `select d.account_id, a.name from ${FROM} where d.id = $1`,
        [param("id")],
      );
      const refused = barred(token, rows[0], "decide");
      if (refused) return refused;
      if (body.answer === "there" && body.url === undefined)
        return problem(422, "url-missing", "Say where the post stands.", {
          errors: [{ path: "url", problem: "is needed with there." }],
        });
      const answered = await answer(store, {
        deliveryId: param("id"),
        answer: body.answer,
        person: token.person?.id ?? "",
        ...(body.url === undefined ? {} : { url: body.url }),
      });
      if (answered.ok) return ok(await wholeDelivery(db, token, param("id")));
      return answered.code === "gone" ? notFound() : answeredOtherwise(db, param("id"), answered.state ?? null);
    },
  }),
];

async function wholeDelivery(db: Db, token: ApiToken, deliveryId: string): Promise<object | undefined> {
  const { sql, values } = allOf(seen(token, "d.account_id"), where("d.id = ?", deliveryId));
  const { rows } = await db.query(`select ${LINE} from ${FROM} where ${sql}`, values);
  if (!rows[0]) return undefined;
  const tries = await db.query(
    `select kind, began_at as began, ended_at as ended, outcome, why from slugline.attempt
      where delivery_id = $1 order by began_at desc, id desc limit 200`,
    [deliveryId],
  );
  return { ...rows[0], tries: tries.rows };
}

/** Who answered before, and when; or that there is nothing to answer. */
async function answeredOtherwise(db: Db, deliveryId: string, state: string | null): Promise<Told> {
  const { rows } = await db.query<{ name: string; at: Date }>(
    `select w.name, e.at from slugline.delivery d
       join slugline.event e on e.post_id = d.post_id and e.delivery_id = d.id
       join slugline.person w on w.id = e.person_id
      where d.id = $1 order by e.at desc, e.id desc limit 1`,
    [deliveryId],
  );
  const [last] = rows;
  const detail = last
    ? `${last.name} answered otherwise at ${last.at.toISOString()}: the delivery is ${state}.`
    : `The delivery is ${state}: about that there is nothing to answer, or not this.`;
  return problem(409, "decided", detail, { decided: { by: last?.name ?? null, at: last?.at ?? null, state, revision: null } });
}
