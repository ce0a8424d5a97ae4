import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { masterKeys } from "../../src/config/keys.ts";
import { faultsOf } from "./support.ts";

const [NEW, OLD] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const DATABASE_URL = "postgres://slugline@localhost/slugline";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "slugline keys "))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const hex = (keys: readonly Uint8Array[]) => keys.map((key) => Buffer.from(key).toString("hex"));
const keysOf = (SLUGLINE_KEY: string) => hex(loadConfig({ DATABASE_URL, SLUGLINE_KEY }, { folder }).keys());

describe("SLUGLINE_KEY", () => {
  test("is 32 bytes in base64 or hex, several for a rotation, the newest first", () => {
    const both = hex([NEW, OLD]);
    expect(keysOf(NEW.toString("base64"))).toEqual([both[0]]);
    expect(keysOf(NEW.toString("base64url"))).toEqual([both[0]]);
    expect(keysOf(`${NEW.toString("hex")},${OLD.toString("base64")}`)).toEqual(both);
    expect(keysOf(` ${NEW.toString("base64")} , ${OLD.toString("hex").toUpperCase()} `)).toEqual(both);
  });

  test("anything else is refused with the command that makes one, and never shown", () => {
    const [short, long] = [Buffer.alloc(31, 3).toString("base64"), Buffer.alloc(33, 3).toString("base64")];
    for (const wrong of ["hunter2-hunter2", short, long, `${NEW.toString("base64")},hunter2`, `${NEW.toString("hex")}00`]) {
      const told = faultsOf(() => keysOf(wrong)).join();
      expect(told).toMatch(/environment SLUGLINE_KEY: must be 32 random bytes.*openssl rand -base64 32/);
      for (const piece of wrong.split(",")) expect(told).not.toContain(piece);
    }
  });

  test("is needed with DATABASE_URL", () => {
    expect(faultsOf(() => loadConfig({ DATABASE_URL }, { folder }))).toEqual([
      expect.stringMatching(/^environment SLUGLINE_KEY: is not set\. With DATABASE_URL/),
    ]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("stands in no print of the configuration", () => {
    const config = loadConfig({ SLUGLINE_KEY: NEW.toString("base64") }, { folder });
    expect(JSON.stringify(config)).not.toContain(NEW.toString("base64"));
  });
});

describe("the key of the store of our own", () => {
  test("is made when it is first needed, for its owner alone, and is the same ever after", () => {
    const { keys } = loadConfig({}, { folder });
    const file = join(folder, "data", "slugline.key");
    expect(readdirSync(folder), "not before").toEqual([]);
    const made = hex(keys());
    expect(made).toHaveLength(1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(Buffer.from(readFileSync(file, "utf8").trim(), "base64").toString("hex")).toBe(made[0]);
    expect(hex(loadConfig({}, { folder }).keys())).toEqual(made);
    expect(readdirSync(join(folder, "data"))).toEqual(["slugline.key"]);
  });

  test("made by many at once it is still one", () => {
    const made = Array.from({ length: 8 }, () => masterKeys([], folder));
    expect(new Set(made.flatMap((keys) => hex(keys()))).size).toBe(1);
  });

  test("still opens what it sealed when SLUGLINE_KEY takes its place", () => {
    const [kept] = hex(masterKeys([], folder)());
    expect(hex(masterKeys([NEW], folder)())).toEqual([hex([NEW])[0], kept]);
    rmSync(join(folder, "slugline.key"));
    expect(hex(masterKeys([NEW], folder)()), "and none is made beside it").toEqual(hex([NEW]));
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a damaged file is a fault, not a new key", () => {
    writeFileSync(join(folder, "slugline.key"), "");
    expect(() => masterKeys([], folder)()).toThrow(/holds no key/);
  });
});
