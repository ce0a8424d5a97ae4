/** The wall clock of a zone. Pure: a moment and a zone in, text out, and back. */

const WALL = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::\d{2})?$/;

/** `2026-11-23T14:05`, as `<input type=datetime-local>` wants it, of a moment as the zone's clocks show it. */
export function wallTime(moment: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  }).formatToParts(moment);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}`;
}

/**
 * The moment at which the zone's clocks show this; null when it is none (not a time, or skipped when clocks go
 * forward). Of the two when clocks go back, the earlier.
 */
export function momentAt(wall: string, timeZone: string): Date | null {
  const match = WALL.exec(wall);
  if (!match) return null;
  const [year, month, day, hour, minute] = match.slice(1).map(Number) as [number, number, number, number, number];
  const asUtc = Date.UTC(year, month - 1, day, hour, minute);
  // Offsets lie within a day of UTC: the right one is among those in force around that time.
  const offsets = [-DAY, 0, DAY].map((shift) => offsetAt(new Date(asUtc + shift), timeZone)).toSorted((a, b) => b - a);
  const wanted = wall.slice(0, 16);
  for (const offset of offsets) {
    const moment = new Date(asUtc - offset);
    if (wallTime(moment, timeZone) === wanted) return moment;
  }
  return null;
}

const DAY = 86_400_000;

/** How far the zone's clocks are ahead of UTC at a moment (ms). */
function offsetAt(moment: Date, timeZone: string): number {
  const wall = Date.parse(`${wallTime(moment, timeZone)}:00Z`);
  return wall - Math.floor(moment.getTime() / 60_000) * 60_000;
}
