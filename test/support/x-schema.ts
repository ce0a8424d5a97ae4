import { existsSync, readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";

const DOCUMENT = `${process.env["TEST_DATA"] ?? ""}/x-openapi-2.167.json`;

/** Why nothing is checked by X's own schema; undefined where it is. */
export const withoutSchema = existsSync(DOCUMENT) ? undefined : "X's own OpenAPI document is not there (needs TEST_DATA)";

/** Of X's schemas, those for what is said here. */
export type XSchema =
  | "CreatePostsRequest"
  | "CreatePostsResponse"
  | "DeletePostsResponse"
  | "GetUsersPostsResponse"
  | "GetUsersMeResponse"
  | "MediaUploadRequest"
  | "MediaUploadResponse"
  | "GetMediaUploadStatusResponse"
  | "CreateMediaMetadataRequest"
  | "CreateMediaMetadataResponse";

let ajv: Ajv | undefined;
const compiled = new Map<XSchema, ValidateFunction>();

/** What X's own schema finds wrong with a request or an answer; null when nothing is, or when there is no schema. */
export function wrongBy(schema: XSchema, value: unknown): string | null {
  if (withoutSchema !== undefined) return null;
  if (!ajv) {
    const { components } = JSON.parse(readFileSync(DOCUMENT, "utf8")) as { components: object };
    ajv = new Ajv({ strict: false, validateSchema: false, validateFormats: false, logger: false });
    ajv.addSchema({ $id: "x", components });
  }
  const check = compiled.get(schema) ?? ajv.compile({ $ref: `x#/components/schemas/${schema}` });
  compiled.set(schema, check);
  return check(value) ? null : `${schema}: ${ajv.errorsText(check.errors)}`;
}
