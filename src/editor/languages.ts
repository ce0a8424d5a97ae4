import { readdirSync, readFileSync } from "node:fs";
import { acceptedLanguages } from "../lib/accept-language.ts";
import { projectRoot } from "../lib/root.ts";
import { createMessages, type Messages, type MessagesFile } from "./messages.ts";

/** A language the editor speaks. */
export interface Language {
  readonly lang: string;
  readonly messages: Messages;
  /** Its own name. */
  readonly name: string;
  /** Says in the language itself that no native speaker has checked it; null where one has. */
  readonly unchecked: string | null;
}

/** The languages the editor speaks, each a file in `messages/`. */
export interface Languages {
  readonly all: readonly Language[];
  /** The language for a tag (BCP 47), also where it is spoken without its region (`de-AT` is `de`); undefined where there is none. */
  find(tag: string): Language | undefined;
  /** The one a browser would rather read, by its `Accept-Language` (RFC 9110, 12.5.4). */
  accepted(header: string | undefined): Language | undefined;
  /** The first of these that there is; English where there is none. */
  first(...tags: readonly (string | null | undefined)[]): Language;
}

/** @param files by language; those of `messages/` where not given */
export function createLanguages(files: Readonly<Record<string, MessagesFile>> = readFiles()): Languages {
  const all = Object.entries(files).map(([lang, file]) => ({
    lang,
    messages: createMessages(lang, file),
    name: file._.name,
    unchecked: file._.checked ? null : file._.unchecked,
  }));
  const find = (tag: string) => {
    const wanted = tag.toLowerCase();
    const base = wanted.split("-", 1)[0];
    return all.find(({ lang }) => lang.toLowerCase() === wanted) ?? all.find(({ lang }) => lang === base);
  };
  const english = find("en");
  if (!english) throw new Error("there is no messages/en.json");
  return {
    all,
    find,
    accepted: (header) =>
      acceptedLanguages(header ?? "")
        .map(find)
        .find((one) => one !== undefined),
    first: (...tags) => tags.map((tag) => (tag ? find(tag) : undefined)).find((one) => one !== undefined) ?? english,
  };
}

function readFiles(): Record<string, MessagesFile> {
  const folder = `${projectRoot}/src/editor/messages`;
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return Object.fromEntries(
    names
      .map((name) => name.slice(0, -".json".length))
      .map((lang) => [lang, JSON.parse(readFileSync(`${folder}/${lang}.json`, "utf8")) as MessagesFile]),
  );
}
