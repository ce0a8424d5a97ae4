import { z } from "zod";
import { plain } from "../lib/say.ts";

/** A moment as the store has it, told in ISO 8601 in UTC. */
export const moment = z.codec(z.date(), z.iso.datetime(), {
  decode: (date) => date.toISOString(),
  encode: (text) => new Date(text),
});

/** A moment as a program tells it. */
export const momentIn = z.iso.datetime({ offset: true, error: "must be a time such as 2026-03-01T09:30:00Z." });

export const id = z.uuid();

export const dir = z.enum(["ltr", "rtl"]);

/** A sentence a program may give for what it does. */
export const why = z.string().max(300).optional();
/** A row's sentence as programs read it: plain, without the seams at which the editor takes it apart. */
export const reason = z.string().overwrite(plain);

/** Which revision was seen: about another one nothing is decided. */
export const revision = z.int().min(1);

/** A page of a list. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    next: z.string().nullable().describe("Ask with it as `cursor` for what follows; null at the end of `order=newest`."),
  });
}
