import { parseNewsroom, type Newsroom } from "../../src/config/newsroom.ts";
import { Fault } from "../../src/lib/fault.ts";

export const SITE = "site: { name: Daily Example, url: https://example.org, languages: [en], timeZone: Europe/Berlin }\n";

/** Reads the text as config/newsroom.yaml, with these variables set. */
export function parsed(text: string, env: Record<string, string> = {}): Newsroom {
  return parseNewsroom(text, "config/newsroom.yaml", (name) => env[name]);
}

/** What the Fault says, one entry per fault. */
export function faultsOf(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof Fault && error.code === "CONFIG_INVALID")
      return error.message
        .split("\n")
        .slice(1)
        .map((line) => line.trim());
    throw error;
  }
  return [];
}
