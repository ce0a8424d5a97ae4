import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { codeOf, Fault, sentenceOf } from "../lib/fault.ts";

/** The master keys, the newest first. A function, so that no print of the configuration shows one. */
export type MasterKeys = () => readonly Uint8Array[];

/** What the embedded store's key is kept in, in the data folder. */
const KEY_FILE = "slugline.key";

export const KEY_EXPECTED =
  "must be 32 random bytes in base64 or hex (several with commas between, the newest first). Make one with: openssl rand -base64 32";

/** Keys as a person writes them: base64 or hex, with commas or line ends between; undefined when one of them is none. */
export function readKeys(text: string): Uint8Array[] | undefined {
  const keys = text
    .split(/[\s,]+/)
    .filter((one) => one !== "")
    .map(keyOf);
  return keys.every((key) => key !== undefined) ? keys : undefined;
}

function keyOf(text: string): Uint8Array | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return new Uint8Array(Buffer.from(text, "hex"));
  // Node's base64 reads both alphabets and stops at what is neither, so the form is asked first.
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return undefined;
  const key = new Uint8Array(Buffer.from(text, "base64"));
  return key.length === 32 ? key : undefined;
}

/**
 * The keys there are: those of SLUGLINE_KEY, then those of the data folder's own file, which belongs to the embedded store.
 * With neither, that file is made when a key is first needed.
 */
export function masterKeys(given: readonly Uint8Array[], dataDir: string | null): MasterKeys {
  let kept: readonly Uint8Array[] | undefined;
  return () => {
    if (dataDir === null) {
      if (given.length > 0) return given;
      throw new Fault("KEY_MISSING", `SLUGLINE_KEY is not set. It ${KEY_EXPECTED}`);
    }
    kept ??= readFile(join(dataDir, KEY_FILE)) ?? (given.length > 0 ? [] : makeFile(dataDir));
    return [...given, ...kept];
  };
}

function readFile(path: string): Uint8Array[] | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw new Fault("KEY_UNREADABLE", `${path} cannot be read: ${sentenceOf(error)}`, {}, error);
  }
  const keys = readKeys(text);
  if (keys === undefined || keys.length === 0)
    throw new Fault("KEY_UNREADABLE", `${path} holds no key. Put it back from where you keep a copy.`);
  return keys;
}

/** Whole or not at all, and never over one that another process made meanwhile: what that one sealed would be lost. */
function makeFile(dataDir: string): readonly Uint8Array[] {
  const path = join(dataDir, KEY_FILE);
  const draft = `${path}.${process.pid}`;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    rmSync(draft, { force: true });
    const file = openSync(draft, "wx", 0o600);
    try {
      writeSync(file, `${randomBytes(32).toString("base64")}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    try {
      linkSync(draft, path);
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    rmSync(draft, { force: true });
    syncFolder(dataDir);
  } catch (error) {
    throw new Fault("KEY_UNREADABLE", `${path} cannot be made: ${sentenceOf(error)}. Set SLUGLINE_KEY, or DATA_DIR.`, {}, error);
  }
  return readFile(path) ?? [];
}

/** A name lasts when its folder does: a key lost at a power cut would take every secret with it. */
function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
