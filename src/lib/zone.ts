/** The wall clock of a zone. Pure: a moment and a zone in, text out, and back. */

const WALL = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::\d{2})?$/;

/** `2026-11-23T14:05`, as `<input type=datetime-local>` wants it, of a moment as the zone's clocks show it. */
export function wallTime(moment: Date, timeZone: string): string {
  const parts = formatIn(timeZone).formatToParts(moment);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}`;
}

/**
 * The moment at which the zone's clocks show this; null when it is no time. Of the two when clocks go back, the earlier;
 * one that is skipped when clocks go forward is the moment at which they do (RELIABILITY F14).
 */
export function momentAt(wall: string, timeZone: string): Date | null {
  const match = WALL.exec(wall);
  if (!match) return null;
  const [year, month, day, hour, minute] = match.slice(1).map(Number) as [number, number, number, number, number];
  const asUtc = Date.UTC(year, month - 1, day, hour, minute);
  // 31 April and 25 o'clock are no times.
  if (new Date(asUtc).toISOString().slice(0, 16) !== wall.slice(0, 16)) return null;
  // Offsets lie within a day of UTC: the right one is among those in force around that time.
  const offsets = [-DAY, 0, DAY].map((shift) => offsetAt(new Date(asUtc + shift), timeZone)).toSorted((a, b) => b - a);
  const wanted = wall.slice(0, 16);
  for (const offset of offsets) {
    const moment = new Date(asUtc - offset);
    if (wallTime(moment, timeZone) === wanted) return moment;
  }
  return firstAfter(asUtc - offsets[0]!, asUtc - offsets.at(-1)!, wanted, timeZone);
}

/** A date of the calendar some days on: `2026-11-30` and 1 is `2026-12-01`. */
export function dayAfter(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00Z`) + days * DAY).toISOString().slice(0, 10);
}

/** Dear to make (about 0.1 ms) and cheap to keep: one for each zone there is. */
const FORMATS = new Map<string, Intl.DateTimeFormat>();

function formatIn(timeZone: string): Intl.DateTimeFormat {
  const made =
    FORMATS.get(timeZone) ??
    new Intl.DateTimeFormat("en-CA", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
    });
  FORMATS.set(timeZone, made);
  return made;
}

const DAY = 86_400_000;
const MINUTE = 60_000;

/** The first minute after `before` at which the clocks show more than `wanted`; at `after` they do. */
function firstAfter(before: number, after: number, wanted: string, timeZone: string): Date {
  let [early, late] = [Math.floor(before / MINUTE), Math.ceil(after / MINUTE)];
  while (late - early > 1) {
    const middle = Math.floor((early + late) / 2);
    if (wallTime(new Date(middle * MINUTE), timeZone) > wanted) late = middle;
    else early = middle;
  }
  return new Date(late * MINUTE);
}

/** How far the zone's clocks are ahead of UTC at a moment (ms). */
function offsetAt(moment: Date, timeZone: string): number {
  const wall = Date.parse(`${wallTime(moment, timeZone)}:00Z`);
  return wall - Math.floor(moment.getTime() / MINUTE) * MINUTE;
}
