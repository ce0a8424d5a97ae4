import type { z } from "zod";
import type { ApiToken, Scope } from "../newsroom/token.ts";
import type { Db, Store } from "../store/db.ts";
import type { ProblemStatus, Told } from "./problem.ts";

/** `open`: without a token; `any`: with one, whatever it is for. */
export type Needs = Scope | "any" | "open";

export type SuccessStatus = 200 | 201 | 204;

export interface Done {
  readonly status: SuccessStatus;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Call<Query = unknown, Body = unknown> {
  /** In a request that changes something: one transaction, with the stored answer of its Idempotency-Key. */
  readonly store: Store;
  readonly db: Db;
  readonly token: ApiToken;
  /** A part of the address. */
  param(name: string): string;
  header(name: string): string | undefined;
  readonly query: Query;
  readonly body: Body;
}

/** One row of the route table: what serves it, and all that openapi.json says of it. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** As OpenAPI writes it: `/posts/{id}`. */
  readonly path: string;
  readonly needs: Needs;
  /** Only for a token that belongs to a person: it is written down as their word. */
  readonly personal?: boolean;
  readonly summary: string;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly answers: Readonly<Partial<Record<SuccessStatus, z.ZodType | "nothing" | "stream">>>;
  /** Refusals of its own, beside those that every route has. */
  readonly refuses?: readonly ProblemStatus[];
  handle(call: Call): Promise<Done | Told | Response>;
}

/** A route whose handler knows what its query and its body are. */
export function route<Query extends z.ZodType = z.ZodUndefined, Body extends z.ZodType = z.ZodUndefined>(
  it: Omit<Route, "handle" | "query" | "body"> & {
    readonly query?: Query;
    readonly body?: Body;
    handle(call: Call<z.output<Query>, z.output<Body>>): Promise<Done | Told | Response>;
  },
): Route {
  // What the door hands over was read by these very schemas.
  return { ...it, handle: (call) => it.handle(call as Call<z.output<Query>, z.output<Body>>) };
}

export const ok = (body: unknown, headers?: Readonly<Record<string, string>>): Done => ({
  status: 200,
  body,
  ...(headers ? { headers } : {}),
});
