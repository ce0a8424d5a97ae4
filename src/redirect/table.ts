import { foldCode } from "../link/link.ts";
import type { PublicLink } from "../link/store.ts";

/**
 * Every public link, in memory, for ever: links are never taken out (R4). A plain `Map` costs about 200 bytes a link, so
 * 200 MB a million; a compact index may take its place behind these few methods.
 */
export interface LinkTable {
  readonly size: number;
  /** The exact code first, then the one of our own alphabet that was meant. */
  get(code: string): PublicLink | undefined;
  /** Takes a link in; false when nothing is new about it. A retired link stays retired, whatever an older page of the store says. */
  put(link: PublicLink): boolean;
  all(): Iterable<PublicLink>;
}

export function createTable(): LinkTable {
  const links = new Map<string, PublicLink>();
  return {
    get size() {
      return links.size;
    },
    get(code) {
      const exact = links.get(code);
      if (exact !== undefined) return exact;
      const folded = foldCode(code);
      return folded === null ? undefined : links.get(folded);
    },
    put({ code, number, target: told, state }) {
      // A header carries ASCII only; our own targets are so already.
      const target = /[^\x21-\x7e]/.test(told) ? encodeURI(told.toWellFormed()) : told;
      const known = links.get(code);
      if (known && (known.state === "retired" || (known.state === state && known.target === target))) return false;
      links.set(code, { code, number, target, state });
      return true;
    },
    all: () => links.values(),
  };
}
