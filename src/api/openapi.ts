import { z } from "zod";
import { Problem, type ProblemStatus } from "./problem.ts";
import type { Needs, Route, SuccessStatus } from "./route.ts";

type Json = Readonly<Record<string, unknown>>;

export const Document = z.record(z.string(), z.unknown());

const SAYS: Readonly<Record<SuccessStatus | ProblemStatus, string>> = {
  200: "As asked.",
  201: "Made.",
  204: "Done; there is nothing to say.",
  400: "The request could not be read.",
  401: "No token, or none that works.",
  403: "The token may not do this.",
  404: "There is nothing here, or nothing this token may see.",
  405: "Not with this method.",
  409: "Somebody else decided otherwise, or is at it.",
  410: "It was ended for good.",
  412: "If-Match names another revision than the one there is.",
  413: "The body is too large.",
  415: "The body is not JSON.",
  422: "The request was read, and cannot be done as it stands.",
  428: "Say which revision was seen.",
  429: "The token asks too often; Retry-After says when to come back.",
  500: "Something failed on this side; nothing was changed.",
  503: "Somebody was in the way; nothing was changed.",
};

/** What any answer of a route may be besides what it lists itself. */
export function refusalsOf(route: Route): ProblemStatus[] {
  const changes = route.method !== "GET";
  const all: ProblemStatus[] = [
    ...(route.needs === "open" ? [] : ([401, 429] as const)),
    ...(route.needs === "open" || route.needs === "any" ? [] : ([403] as const)),
    ...(route.path.includes("{") ? ([404] as const) : []),
    ...(route.query ? ([422] as const) : []),
    ...(route.body ? ([400, 415, 422] as const) : []),
    ...(changes ? ([400, 409, 413, 422, 503] as const) : []),
    ...(route.refuses ?? []),
    500,
  ];
  return [...new Set(all)].toSorted((one, other) => one - other);
}

/** OpenAPI 3.1 of the very routes and schemas that serve; nothing is described by hand. */
export function describe(routes: readonly Route[]): Json {
  const components: Record<string, unknown> = {};
  const schemaOf = (schema: z.ZodType, io: "input" | "output"): Json => {
    const { $schema: _, $defs = {}, ...rest } = z.toJSONSchema(schema, { io }) as Record<string, unknown>;
    for (const [name, one] of Object.entries($defs as Json)) components[name] = lifted(one);
    return lifted(rest) as Json;
  };
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    paths[route.path]![route.method.toLowerCase()] = operation(route, schemaOf);
  }
  schemaOf(Problem, "output");
  return {
    openapi: "3.1.0",
    info: {
      title: "Slugline",
      version: "1",
      description:
        "What the editor does, for programs. Every request carries a token with the scope its operation names. Problems are RFC 9457.",
    },
    servers: [{ url: "/api/v1" }],
    security: [{ token: [] }],
    paths,
    components: {
      schemas: components,
      securitySchemes: { token: { type: "http", scheme: "bearer", description: "`slug_…`, made by `slugline token add`." } },
    },
  };
}

function operation(route: Route, schemaOf: (schema: z.ZodType, io: "input" | "output") => Json): Json {
  const answers = Object.entries(route.answers).map(([status, schema]) => [
    status,
    {
      description: SAYS[Number(status) as SuccessStatus],
      ...(schema === "nothing" ? {} : { content: contentOf(schema, schemaOf) }),
    },
  ]);
  const refusals = refusalsOf(route).map((status) => [
    status,
    { description: SAYS[status], content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } },
  ]);
  const parameters = [
    ...[...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: "path",
      required: true,
      schema: { type: "string", ...(name === "id" ? { format: "uuid" } : {}) },
    })),
    ...(route.query ? queryOf(schemaOf(route.query, "input")) : []),
    ...(route.method === "GET" ? [] : [IDEMPOTENCY_KEY]),
  ];
  return {
    operationId: operationId(route),
    summary: route.summary,
    description: needsOf(route.needs, route.personal ?? false),
    ...(route.needs === "open" ? { security: [] } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body
      ? { requestBody: { required: true, content: { "application/json": { schema: schemaOf(route.body, "input") } } } }
      : {}),
    responses: Object.fromEntries([...answers, ...refusals]),
  };
}

const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description: "Asked again with it within 24 hours, the same request is done once and answered the same.",
  schema: { type: "string", minLength: 1, maxLength: 255 },
};

function contentOf(schema: z.ZodType | "stream", schemaOf: (schema: z.ZodType, io: "output") => Json): Json {
  if (schema === "stream") return { "text/event-stream": { schema: { type: "string" } } };
  return { "application/json": { schema: schemaOf(schema, "output") } };
}

function queryOf(schema: Json): Json[] {
  const required = (schema["required"] ?? []) as string[];
  return Object.entries((schema["properties"] ?? {}) as Record<string, Json>).map(([name, { description, ...own }]) => ({
    name,
    in: "query",
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: own,
  }));
}

/** `posts-id-approval-post`: stable as long as the address is. */
function operationId({ method, path }: Route): string {
  return `${path.replace(/[{}]/g, "").replace(/^\//, "").replace(/[/.]/g, "-")}-${method.toLowerCase()}`;
}

function needsOf(needs: Needs, personal: boolean): string {
  if (needs === "open") return "Needs no token.";
  if (needs === "any") return "Needs a token, whatever it is for.";
  return `Needs the scope \`${needs}\`${personal ? ", and a token that belongs to a person" : ""}.`;
}

/** References to a schema's own definitions become references to the document's. */
function lifted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lifted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      key === "$ref" && typeof one === "string" ? one.replace("#/$defs/", "#/components/schemas/") : lifted(one),
    ]),
  );
}
