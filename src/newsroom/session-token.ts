import { createHash, randomBytes } from "node:crypto";

/** 256 random bits for a link or a cookie; only their hash is kept. */
export function newToken(): string {
  return randomBytes(32).toString("base64url");
}

/** SHA-256 is enough for what is random and long. */
export function hashOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
