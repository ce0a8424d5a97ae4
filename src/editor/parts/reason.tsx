import { plain } from "../../lib/say.ts";
import { keyOf, saidIn } from "../said.ts";
import type { View } from "../view.ts";

/**
 * Why something is as it is, in the reader's language. Names, addresses and what a network answered stay as they came, each
 * isolated and of no known language. A sentence that the messages do not know is English and marked as such, so that it is
 * read aloud and laid out as English.
 */
export function Reason({ v, why }: { v: View; why: string }) {
  const parts = saidIn(v, why);
  if (parts === null)
    return (
      <bdi class="why" lang="en">
        {plain(why)}
      </bdi>
    );
  return <span class="why">{parts.map((part) => ("ours" in part ? part.ours : <bdi lang="">{plain(part.theirs)}</bdi>))}</span>;
}

/** What is noted at a decision: a word of ours, or a colleague's own. */
export function Remark({ v, why }: { v: View; why: string }) {
  const key = keyOf(why);
  return v.has(key) ? <span class="why">{v.t(key)}</span> : <bdi class="why">{why}</bdi>;
}

/** Where a post's words come from, and what gave way so that they fit: a short sentence each. */
export function Origin({ v, why }: { v: View; why: readonly string[] }) {
  const told = why
    .map(keyOf)
    // How long it is stands elsewhere.
    .filter((key) => v.has(key));
  if (told.length === 0) return null;
  return (
    <ul class="origin" aria-label={v.t("card.origin")}>
      {told.map((key) => (
        <li>{v.t(key)}</li>
      ))}
    </ul>
  );
}

/** What decided by itself, as the rows tell it (`rule 2`, `account masto-en`, `hold-ended`), in the reader's language. */
export function ruleName(v: View, told: string): string {
  const [, kind = "", name = ""] = /^(account|rule|source) (.+)$/.exec(told) ?? [];
  const key = `mode.why.${kind === "" ? told.replaceAll(" ", "-") : kind}`;
  if (!v.has(key)) return told;
  return v.t(key, { name: kind === "rule" ? Number(name) : name });
}
