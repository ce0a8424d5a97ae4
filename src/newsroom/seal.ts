import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { Fault } from "../lib/fault.ts";
import { say } from "../lib/say.ts";

/** The master keys, 32 bytes each, the newest first: it seals, all of them open. Asked for at the moment of use. */
export type Keys = () => readonly Uint8Array[];

/** Where a sealed value stands. It is sealed with it, so that in any other place it does not open. */
export interface Place {
  /** With its schema: `slugline.credential`. */
  readonly table: string;
  /** What the row is known by. */
  readonly row: string;
  readonly column: string;
}

/** The envelope: form (1) | id of the key (8) | nonce (12) | ciphertext | tag (16). */
const FORM = 1;
const [ID_BYTES, NONCE_BYTES, TAG_BYTES] = [8, 12, 16];
const HEAD_BYTES = 1 + ID_BYTES + NONCE_BYTES;
const CIPHER = "aes-256-gcm";

/** Names a key without telling it: the first bytes of its SHA-256, in hex. */
export function keyId(key: Uint8Array): string {
  return createHash("sha256")
    .update(key)
    .digest("hex")
    .slice(0, 2 * ID_BYTES);
}

/** The id of the key that sealed it; empty for what is no envelope. */
export function sealedUnder(sealed: Uint8Array): string {
  if (sealed[0] !== FORM || sealed.length < HEAD_BYTES + TAG_BYTES) return "";
  return Buffer.from(sealed.subarray(1, 1 + ID_BYTES)).toString("hex");
}

/** Seals with AES-256-GCM under a nonce of its own. */
export function seal(text: string, place: Place, key: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const head = Buffer.concat([Buffer.of(FORM), Buffer.from(keyId(key), "hex"), nonce]);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(boundTo(head, place));
  return Buffer.concat([head, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
}

/**
 * Opens what `seal` made for the same place.
 *
 * @throws Fault SEAL_KEY_MISSING when none of the keys sealed it, SEAL_BROKEN when a bit of it or its place is another
 */
export function unseal(sealed: Uint8Array, place: Place, keys: readonly Uint8Array[]): string {
  const id = sealedUnder(sealed);
  if (id === "") throw broken(place);
  const key = keys.find((one) => keyId(one) === id);
  if (!key) {
    const sentence = say`What stands in ${place.table} was sealed under the key ${id}, and none of SLUGLINE_KEY is that one. Put it back (after a comma), or give the secret anew.`;
    throw new Fault("SEAL_KEY_MISSING", sentence, { key: id });
  }
  const head = sealed.subarray(0, HEAD_BYTES);
  const decipher = createDecipheriv(CIPHER, key, head.subarray(1 + ID_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(boundTo(head, place)).setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES, -TAG_BYTES)), decipher.final()]).toString("utf8");
  } catch {
    throw broken(place);
  }
}

function boundTo(head: Uint8Array, { table, row, column }: Place): Buffer {
  return Buffer.concat([head, Buffer.from(JSON.stringify([table, row, column]))]);
}

function broken(place: Place): Fault {
  return new Fault(
    "SEAL_BROKEN",
    say`What stands in ${place.table} does not open: it was changed, or belongs to another row. Give the secret anew.`,
  );
}
