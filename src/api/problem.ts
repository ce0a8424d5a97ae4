import { z } from "zod";
import { moment } from "./schemas.ts";

/** What went wrong (RFC 9457); never a stack trace. */
export const Problem = z
  .object({
    type: z.string().describe("`urn:slugline:problem:` and a stable word for programs."),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe("A sentence for a person."),
    errors: z
      .array(z.object({ path: z.string().describe("Where in the body or the query, with dots."), problem: z.string() }))
      .optional(),
    decided: z
      .object({
        by: z.string().nullable().describe("Who was first; null: nobody but Slugline."),
        at: moment.nullable(),
        state: z.string().nullable(),
        revision: z.int().nullable(),
      })
      .optional()
      .describe("How things stand, where somebody else was first."),
  })
  .meta({ id: "Problem" });

const TITLES = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  410: "Gone",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  428: "Precondition Required",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
} as const;

export type ProblemStatus = keyof typeof TITLES;

export interface Told {
  readonly status: ProblemStatus;
  readonly problem: z.input<typeof Problem>;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A refusal as a value.
 *
 * @param word for programs, stable; the last part of `type`
 * @param detail for people
 */
export function problem(
  status: ProblemStatus,
  word: string,
  detail: string,
  more: Pick<z.input<typeof Problem>, "errors" | "decided"> & { readonly headers?: Readonly<Record<string, string>> } = {},
): Told {
  const { headers, ...rest } = more;
  return {
    status,
    problem: { type: `urn:slugline:problem:${word}`, title: TITLES[status], status, detail, ...rest },
    ...(headers ? { headers } : {}),
  };
}

/** Also for what is there, but not for this token. */
export const notFound = (): Told => problem(404, "not-found", "There is nothing here by this name.");

/** What a schema refused, path by path. */
export function invalid(where: "body" | "query", error: z.ZodError): Told {
  const errors = error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({ path: [...issue.path, key].join("."), problem: "is not known here." }))
      : [{ path: issue.path.join("."), problem: issue.message }],
  );
  return problem(422, "invalid", `The ${where} is not as openapi.json describes it.`, { errors });
}
