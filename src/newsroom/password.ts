import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import type * as LanguageCommon from "@zxcvbn-ts/language-common";

const require = createRequire(import.meta.url);
const derive = promisify(argon2);

/** OWASP's least for argon2id: 19 MiB, two passes, one lane. */
const COST = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 } as const;
/** Each run takes 19 MiB: more than this many wait their turn, so that sign-ins cannot exhaust the memory. */
const AT_ONCE = 2;

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  // A turn that ends is handed to whoever waits longest, so that nobody slips in between.
  if (running >= AT_ONCE) await new Promise<void>((go) => waiting.push(go));
  else running += 1;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }
}

/** An argon2id hash as the PHC string format writes it. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const tag = await inTurn(() => derive("argon2id", { ...COST, message: normal(password), nonce: salt }));
  return `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${plain(salt)}$${plain(tag)}`;
}

/** Whether a password is the one that was hashed; takes as long for a person who does not exist (`null`). */
export async function verifyPassword(password: string, hash: string | null): Promise<boolean> {
  const [, m, t, p, salt, tag] = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/.exec(hash ?? "") ?? [];
  const known = tag === undefined ? randomBytes(32) : Buffer.from(tag, "base64");
  const found = await inTurn(() =>
    derive("argon2id", {
      memory: Number(m ?? COST.memory),
      passes: Number(t ?? COST.passes),
      parallelism: Number(p ?? COST.parallelism),
      tagLength: known.length,
      message: normal(password),
      nonce: salt === undefined ? randomBytes(16) : Buffer.from(salt, "base64"),
    }),
  );
  return timingSafeEqual(found, known) && tag !== undefined;
}

/** The same password typed on two keyboards is the same bytes (NIST SP 800-63B, 5.1.1.2). */
function normal(password: string): string {
  return password.normalize("NFKC");
}

function plain(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}

/** Long enough that guessing online is hopeless with our back-off; any characters, at least 64 of them accepted. */
const SHORTEST_PASSWORD = 12;
const LONGEST_PASSWORD = 512;

export type PasswordProblem = "too-short" | "too-long" | "too-common";

/** Why a password cannot be taken; null when it can. */
export function passwordProblem(
  password: string,
  about: { readonly email: string; readonly name: string },
): PasswordProblem | null {
  if ([...password].length < SHORTEST_PASSWORD) return "too-short";
  if (password.length > LONGEST_PASSWORD) return "too-long";
  const plain = password.toLowerCase();
  const own = [about.email, about.email.split("@")[0] ?? "", about.name, "slugline"].map((text) => text.toLowerCase().trim());
  if (isCommonPassword(plain) || own.includes(plain)) return "too-common";
  return null;
}

let known: ReadonlySet<string> | undefined;

/** Some 49,000 of the passwords that were found in leaks; read when the first password is chosen, since it is large. */
function common(): ReadonlySet<string> {
  known ??= new Set((require("@zxcvbn-ts/language-common") as typeof LanguageCommon).dictionary["passwords-common"]);
  return known;
}

/** So few different characters, or so short a piece again and again, are guessed at once. */
const [FEWEST, SHORTEST_PIECE] = [4, 3];

/**
 * Whether a password is one that is tried first: one of the common ones, also said again and again or with numbers and
 * signs behind it, or hardly more than one character.
 */
function isCommonPassword(password: string): boolean {
  const plain = password.toLowerCase();
  if (new Set(plain).size < FEWEST || common().has(plain)) return true;
  const piece = /^(.+?)\1+$/su.exec(plain)?.[1];
  if (piece !== undefined && (piece.length <= SHORTEST_PIECE || common().has(piece))) return true;
  const bare = plain.replace(/[^\p{L}]+$/u, "");
  return bare === "" || common().has(bare);
}
