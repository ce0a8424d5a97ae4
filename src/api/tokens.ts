import { z } from "zod";
import { revokeToken, SCOPES, tokenLines } from "../newsroom/token.ts";
import { notFound } from "./problem.ts";
import { ok, route, type Route } from "./route.ts";
import { id, listOf, moment } from "./schemas.ts";

const role = z.enum(["viewer", "writer", "editor", "admin", "none"]);

const Myself = z
  .object({
    id,
    name: z.string(),
    scopes: z.array(z.enum(SCOPES)),
    role,
    accounts: z.record(z.string(), role).describe("Roles on single accounts, by the account's id."),
    person: z.string().nullable().describe("Whose token it is; null: a program's own."),
    expires: moment.nullable(),
  })
  .meta({ id: "Myself" });

const Token = z
  .object({
    id,
    name: z.string(),
    scopes: z.array(z.enum(SCOPES)),
    role,
    accounts: z.record(z.string(), role).describe("Roles on single accounts, by the account's name."),
    person: z.string().nullable(),
    madeBy: z.string(),
    created: moment,
    expires: moment.nullable(),
    lastUsed: moment.nullable().describe("To the hour."),
    works: z.boolean().describe("false: it is over, or its person is disabled."),
  })
  .meta({ id: "Token" });

/** Tokens are made where their person is known (the command line); here they are only seen and ended. */
export const tokenRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/token",
    needs: "any",
    summary: "Whose token this is, and what it may do.",
    answers: { 200: Myself },
    handle: async ({ token }) => ok({ ...token, person: token.person?.name ?? null, expires: token.expiresAt }),
  }),
  route({
    method: "GET",
    path: "/tokens",
    needs: "manage",
    summary: "All tokens that are not revoked; never what they are.",
    answers: { 200: listOf(Token) },
    async handle({ db }) {
      const items = (await tokenLines(db)).map((one) => ({
        ...one,
        madeBy: one.made_by,
        created: one.created_at,
        expires: one.expires_at,
        lastUsed: one.last_used_at,
      }));
      return ok({ items, next: null });
    },
  }),
  route({
    method: "DELETE",
    path: "/tokens/{id}",
    needs: "manage",
    summary: "Revokes a token: it is dead at once.",
    answers: { 204: "nothing" },
    async handle({ store, token, param }) {
      const by = token.person?.name ?? `token ${token.name}`;
      return (await revokeToken(store, { id: param("id") }, by)) ? { status: 204, body: null } : notFound();
    },
  }),
];
