import { closeSync, createReadStream, mkdirSync, openSync, writeSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { codeOf, sentenceOf } from "../lib/fault.ts";
import type { Log } from "../lib/log.ts";
import type { PublicLink } from "../link/store.ts";
import type { LinkTable } from "./table.ts";

/**
 * All public links in one file of lines, so that a redirect that starts while the store is down still leads on (R4).
 * Written as a whole now and then, and appended to with each change at once; later lines win. Each line carries its own
 * checksum, so a torn end costs only itself.
 */
export interface Snapshot {
  load(table: LinkTable): Promise<number>;
  /** Adds what changed. A disk that does not take it is said once; the links themselves are safe in the store. */
  append(links: readonly PublicLink[]): void;
  /** How many lines were appended since the file was last written whole. */
  readonly appended: number;
  /** Writes the whole table beside the file and puts it in its place. */
  rewrite(table: LinkTable): Promise<void>;
  close(): void;
}

const LINES_AT_ONCE = 2_000;

export function snapshotAt(dataDir: string, log: Log): Snapshot {
  const path = join(dataDir, "links.snapshot");
  let fd: number | undefined;
  let appended = 0;
  let failing = false;
  /** What changes while the table is being written. */
  let meanwhile: PublicLink[] | undefined;

  const failed = (error: unknown) => {
    if (!failing) log.error({ code: codeOf(error) }, `Links cannot be kept in ${path}: ${sentenceOf(error)}`);
    failing = true;
  };

  const append = (links: readonly PublicLink[]) => {
    meanwhile?.push(...links);
    try {
      mkdirSync(dataDir, { recursive: true });
      fd ??= openSync(path, "a", 0o600);
      // The line break before it heals an end that was torn earlier.
      writeSync(fd, `\n${links.map(lineOf).join("")}`);
      appended += links.length;
      failing = false;
    } catch (error) {
      failed(error);
    }
  };

  const close = () => {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
  };

  /** Returns how many of `meanwhile` are in it. */
  const write = async (table: LinkTable, to: string, changes: readonly PublicLink[]): Promise<number> => {
    const file = await open(to, "w", 0o600);
    try {
      let lines: string[] = [];
      for (const link of table.all()) {
        if (lines.push(lineOf(link)) < LINES_AT_ONCE) continue;
        await file.write(lines.join(""));
        lines = [];
      }
      const late = changes.length;
      await file.write(lines.join("") + changes.slice(0, late).map(lineOf).join(""));
      await file.datasync();
      return late;
    } finally {
      await file.close();
    }
  };

  return {
    get appended() {
      return appended;
    },
    async load(table) {
      let read = 0;
      try {
        for await (const link of publicIn(path)) {
          table.put(link);
          read += 1;
        }
      } catch (error) {
        failed(error);
      }
      return read;
    },
    append,
    async rewrite(table) {
      const beside = `${path}.${process.pid}.new`;
      const changes: PublicLink[] = [];
      meanwhile = changes;
      try {
        mkdirSync(dataDir, { recursive: true });
        const late = await write(table, beside, changes);
        await rename(beside, path);
        close();
        appended = 0;
        meanwhile = undefined;
        if (changes.length > late) append(changes.slice(late));
        failing = false;
      } catch (error) {
        failed(error);
      } finally {
        meanwhile = undefined;
      }
    },
    close,
  };
}

/** The public links of a snapshot in the order of its lines, later ones of a code after earlier; none where there is no file. */
export async function* publicIn(path: string): AsyncGenerator<PublicLink> {
  let rest = "";
  try {
    for await (const chunk of createReadStream(path, { encoding: "utf8", highWaterMark: 1024 * 1024 })) {
      const lines = (rest + String(chunk)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const link = linkOf(line);
        if (link !== undefined) yield link;
      }
    }
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

/** `crc32 code number state target`, the target last; addresses hold no space and no line break. */
function lineOf({ code, number, state, target }: PublicLink): string {
  const told = `${code} ${number} ${state} ${target}`;
  return `${crc32(told).toString(16)} ${told}\n`;
}

function linkOf(line: string): PublicLink | undefined {
  const space = line.indexOf(" ");
  const told = line.slice(space + 1);
  if (space < 1 || crc32(told).toString(16) !== line.slice(0, space)) return undefined;
  const [code, number, state, target] = told.split(" ");
  if (code === undefined || target === undefined || (state !== "live" && state !== "retired")) return undefined;
  return { code, number: Number(number), state, target };
}
