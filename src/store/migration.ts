import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "../lib/fault.ts";
import { projectRoot } from "../lib/root.ts";

/** A numbered file of `migrations/`. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
  /** The number a program must know to work on the database from here on, by the file's line `-- needs: 7`; 0: any. */
  readonly needs: number;
  /**
   * By its line `-- concurrently`: applied outside of a transaction, for indexes that are built while others write. Each
   * statement ends with the line, and can be done again.
   */
  readonly concurrently: boolean;
  /** By its line `-- was: <checksum> (with 0012)`: an earlier form of it, which did what 0012 does by now. */
  readonly was: { readonly checksum: string; readonly with: number } | undefined;
}

export const migrationsFolder: string = join(projectRoot, "src/store/migrations");

/** The numbered files, in their order. */
export async function readMigrations(folder: string = migrationsFolder): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).toSorted();
  const files = await Promise.all(
    // Git may check out with other line ends; the content is the same.
    names.map(async (name) => migrationOf(name, (await readFile(join(folder, name), "utf8")).replaceAll("\r\n", "\n"))),
  );
  const wrong = files.find(({ number }, at) => number !== at + 1);
  if (wrong)
    throw new Fault(
      "MIGRATION_MISNUMBERED",
      `Migration ${wrong.name} breaks the sequence: the files are numbered 0001, 0002, ... without gaps.`,
    );
  return files;
}

function migrationOf(name: string, sql: string): Migration {
  const [, was, until] = /^-- was: ([\da-f]{64}) \(with (\d+)\)$/m.exec(sql) ?? [];
  return {
    number: Number.parseInt(name, 10),
    name,
    sql,
    checksum: createHash("sha256").update(sql).digest("hex"),
    needs: Number(/^-- needs: (\d+)$/m.exec(sql)?.[1] ?? 0),
    concurrently: /^-- concurrently$/m.test(sql),
    was: was === undefined ? undefined : { checksum: was, with: Number(until) },
  };
}

/** Whether a database or a backup that has a migration of this checksum has this one, in today's form or an earlier one. */
export function isFormOf({ checksum, was }: Migration, recorded: string): boolean {
  return recorded === checksum || recorded === was?.checksum;
}

/** A concurrent file as it can be applied in a transaction, where nobody else uses the tables. */
export function inOneGo({ sql }: Migration): string {
  return sql.replaceAll(/\bindex concurrently\b/g, "index");
}

/** The statements of a concurrent file, each with the name of the index that it builds. */
export function statementsOf({ sql }: Migration): { readonly statement: string; readonly index: string | undefined }[] {
  return sql
    .replaceAll(/^--.*$/gm, "")
    .split(/;$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "")
    .map((statement) => ({ statement, index: /^create (?:unique )?index concurrently (\w+)/.exec(statement)?.[1] }));
}
