import { foldCode } from "../link/link.ts";
import { publicLinksByCode, type PublicLink } from "../link/store.ts";
import type { Clock } from "../lib/time.ts";
import type { Db } from "../store/db.ts";
import type { LinkTable } from "./table.ts";

/** What the store knows of a code that is not in memory. `unreachable`: nobody can say now whether it is a link. */
type LookedUp = PublicLink | "unknown" | "unreachable";

export interface Lookup {
  find(code: string): Promise<LookedUp>;
  /** A link with this code has become public: what is remembered of its absence is void. */
  forget(code: string): void;
}

const REMEMBER_MS = 30_000;
const MOST_REMEMBERED = 20_000;
/** So many questions at once and no more, however many codes are guessed: the store has other work. */
const MOST_AT_ONCE = 32;
const ANSWER_WITHIN_MS = 2_000;

/**
 * Asks the store about a code: once for all who ask at the same time, and not again for 30 s when there is none. A reserved
 * link is told as none by the very same query, in the same time.
 */
export function createLookup({
  db,
  table,
  take,
  clock,
}: {
  db: Db;
  table: LinkTable;
  /** Takes what was found into the table, and onto the disk. */
  take: (links: readonly PublicLink[]) => void;
  clock: Clock;
}): Lookup {
  let absent = new Map<string, number>();
  const asking = new Map<string, Promise<LookedUp>>();
  const keyOf = (code: string) => foldCode(code) ?? code;

  const ask = async (code: string, key: string): Promise<LookedUp> => {
    const answered = new AbortController();
    const late = clock.sleep(ANSWER_WITHIN_MS, answered.signal).then(() => undefined);
    try {
      const rows = await Promise.race([publicLinksByCode(db, code === key ? [code] : [code, key]), late]);
      if (rows === undefined) return "unreachable";
      take(rows);
      const found = table.get(code);
      if (found !== undefined) return found;
      // Had the link become public while the store was asked, `forget` would have taken the question away.
      if (asking.has(code)) {
        if (absent.size >= MOST_REMEMBERED) absent = new Map();
        absent.set(code, clock.monotonic());
      }
      return "unknown";
    } catch {
      return "unreachable";
    } finally {
      answered.abort();
    }
  };

  return {
    async find(code) {
      const at = absent.get(code);
      if (at !== undefined && clock.monotonic() - at < REMEMBER_MS) return "unknown";
      const under = asking.get(code);
      if (under) return under;
      if (asking.size >= MOST_AT_ONCE) return "unreachable";
      const question = ask(code, keyOf(code));
      asking.set(code, question);
      return question.finally(() => asking.get(code) === question && asking.delete(code));
    },
    forget(code) {
      for (const map of [absent, asking]) {
        map.delete(code);
        // Misses are remembered as they were typed; capitals of this code are rare enough to be looked for.
        if (foldCode(code.toUpperCase()) === code) for (const typed of map.keys()) if (keyOf(typed) === code) map.delete(typed);
      }
    },
  };
}
