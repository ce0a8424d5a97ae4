import type { Person } from "../newsroom/people.ts";
import type { EditorDeps } from "./deps.ts";
import type { Language, Languages } from "./languages.ts";
import type { Messages } from "./messages.ts";

/** What every page needs to speak: whose page it is, in which language and zone, and how times are said. */
export interface View extends Messages {
  readonly person: Person | null;
  readonly languages: Languages;
  readonly siteName: string;
  readonly timeZone: string;
  readonly shortUrl: string;
  readonly now: Date;
  /** Folder of the assets, with the hash of their content. */
  readonly assets: string;
  /** A path before anybody has signed in, with the language where the address asked for one: no cookie remembers it. */
  inLanguage(path: string): string;
  /** Date and time with the zone: `23 Nov 2026, 14:05 GMT+3`. */
  when(at: Date): string;
  /** How long ago or ahead, roughly: `12 min`, `in 2 h`. */
  ago(at: Date): string;
}

/** What a page stands on besides the newsroom: its files, and what the reader is to read it in. */
export interface Told {
  readonly assets: string;
  readonly now: Date;
  readonly person: Person | null;
  readonly languages: Languages;
  readonly language: Language;
  /** The address asks for this language. */
  readonly asked: boolean;
}

export function createView(deps: EditorDeps, told: Told): View {
  const { assets, now, person, languages, language, asked } = told;
  const { messages } = language;
  const { t } = messages;
  const { timeZone } = deps.site;
  return {
    ...messages,
    person,
    languages,
    siteName: deps.site.name,
    timeZone,
    shortUrl: deps.shortUrl,
    now,
    assets,
    inLanguage: (path) => (asked ? `${path}?lang=${messages.lang}` : path),
    when: (at) => messages.moment(at, timeZone),
    ago: (at) => {
      const seconds = Math.round((now.getTime() - at.getTime()) / 1000);
      const [unit, count] = rough(Math.abs(seconds));
      if (unit === "now") return t("time.now");
      return seconds > 0 ? t(`time.ago.${unit}`, { count }) : t(`time.in.${unit}`, { count });
    },
  };
}

function rough(seconds: number): ["now" | "min" | "h" | "d", number] {
  if (seconds < 45) return ["now", 0];
  if (seconds < 3_570) return ["min", Math.max(1, Math.round(seconds / 60))];
  if (seconds < 84_600) return ["h", Math.round(seconds / 3_600)];
  return ["d", Math.round(seconds / 86_400)];
}
