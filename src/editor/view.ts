import { messagesIn, type Messages } from "./messages.ts";
import type { EditorDeps } from "./deps.ts";
import type { Person } from "../newsroom/people.ts";

/** What every page needs to speak: whose page it is, in which language and zone, and how times are said. */
export interface View extends Messages {
  readonly person: Person | null;
  readonly siteName: string;
  readonly timeZone: string;
  readonly shortUrl: string;
  readonly now: Date;
  /** Folder of the assets, with the hash of their content. */
  readonly assets: string;
  /** Date and time with the zone: `23 Nov 2026, 14:05 GMT+3`. */
  when(moment: Date): string;
  /** Time with the zone, without the day: `14:05 GMT+3`. */
  clock(moment: Date): string;
  /** How long ago or ahead, roughly: `12 min`, `in 2 h`. */
  ago(moment: Date): string;
  number(value: number): string;
  /** A language's name, in this one. */
  language(tag: string): string;
}

export function createView(deps: EditorDeps, assets: string, now: Date, person: Person | null): View {
  const messages = messagesIn(person?.lang ?? deps.site.languages[0] ?? "en");
  const { lang, t } = messages;
  const { timeZone } = deps.site;
  const day = new Intl.DateTimeFormat(lang, {
    timeZone,
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZoneName: "short",
  });
  const time = new Intl.DateTimeFormat(lang, {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZoneName: "short",
  });
  return {
    ...messages,
    person,
    siteName: deps.site.name,
    timeZone,
    shortUrl: deps.shortUrl,
    now,
    assets,
    when: (moment) => day.format(moment),
    clock: (moment) => time.format(moment),
    ago: (moment) => {
      const seconds = Math.round((now.getTime() - moment.getTime()) / 1000);
      const [unit, count] = rough(Math.abs(seconds));
      if (unit === "now") return t("time.now");
      return seconds > 0 ? t(`time.ago.${unit}`, { count }) : t(`time.in.${unit}`, { count });
    },
    number: (value) => new Intl.NumberFormat(lang).format(value),
    language: (tag) => {
      try {
        return new Intl.DisplayNames([lang], { type: "language" }).of(tag) ?? tag;
      } catch {
        return tag;
      }
    },
  };
}

function rough(seconds: number): ["now" | "min" | "h" | "d", number] {
  if (seconds < 45) return ["now", 0];
  if (seconds < 3_570) return ["min", Math.max(1, Math.round(seconds / 60))];
  if (seconds < 84_600) return ["h", Math.round(seconds / 3_600)];
  return ["d", Math.round(seconds / 86_400)];
}
