import type { Voice } from "./write.ts";

/** What a voice's utm values may name in braces. */
export interface UtmFacts {
  readonly network: string;
  readonly account: string;
  readonly lang: string;
  readonly source: string;
}

/** Where a post's link leads: the story's address with the voice's utm parameters, which never replace its own. */
export function targetOf(url: string, voice: Voice, facts: UtmFacts): string {
  const target = new URL(url);
  for (const [name, value] of Object.entries(voice.utm ?? {})) {
    if (!value || target.searchParams.has(`utm_${name}`)) continue;
    target.searchParams.set(
      `utm_${name}`,
      value.replace(/\{(network|account|lang|source)\}/g, (_, fact: keyof UtmFacts) => facts[fact]),
    );
  }
  return target.href;
}
