export type Mode = "review" | "auto";

/** Who posts what (newsroom.yaml, `rules`). Empty lists take everything. */
export interface Rule {
  readonly when: { readonly source: readonly string[]; readonly lang: readonly string[]; readonly tags: readonly string[] };
  readonly accounts: readonly string[];
  readonly mode: Mode | null;
  readonly priority: "normal" | "breaking";
  readonly staleAfterS: number | null;
  /** Shared again so long after it was posted, at most so many times. Rules kept by an older version have none. */
  readonly reshare?: Reshare | null;
}

interface Reshare {
  readonly afterS: number;
  readonly most: number;
}

/** What an account will do with an article, and which rule says so. */
export interface Claim {
  readonly account: string;
  readonly mode: Mode;
  /** What decided the mode: `rule 2`, `source cms`, `account masto-en`. */
  readonly modeWhy: string;
  readonly priority: "normal" | "breaking";
  readonly staleAfterS: number | null;
  readonly reshare: Reshare | null;
}

/**
 * Which accounts take an article: for each the first rule that matches the article and names the account decides; then
 * the source, then the account. An account with a language takes no article in another one unless the rule names that
 * language itself, and one whose language nobody knows only for an editor to decide.
 */
export function claims(
  article: { readonly lang: string | null; readonly tags: readonly string[] },
  rules: readonly Rule[],
  accounts: readonly { readonly name: string; readonly mode: Mode; readonly lang: string | null }[],
  source: { readonly name: string; readonly mode: Mode | null },
): Claim[] {
  return accounts.flatMap((account) => {
    const at = rules.findIndex(
      (rule) =>
        rule.accounts.includes(account.name) && matches(rule, article, source.name) && suits(rule, article.lang, account.lang),
    );
    const rule = rules[at];
    if (!rule) return [];
    const unsure = account.lang !== null && article.lang === null;
    const [mode, modeWhy] = unsure
      ? (["review", "language unknown"] as const)
      : rule.mode
        ? ([rule.mode, `rule ${at + 1}`] as const)
        : source.mode
          ? ([source.mode, `source ${source.name}`] as const)
          : ([account.mode, `account ${account.name}`] as const);
    const { priority, staleAfterS, reshare = null } = rule;
    return [{ account: account.name, mode, modeWhy, priority, staleAfterS, reshare }];
  });
}

function matches(
  { when }: Rule,
  article: { readonly lang: string | null; readonly tags: readonly string[] },
  source: string,
): boolean {
  if (when.source.length > 0 && !when.source.includes(source)) return false;
  if (when.lang.length > 0 && !when.lang.some((lang) => speaks(article.lang, lang))) return false;
  const tags = new Set(article.tags.map((tag) => tag.toLowerCase()));
  return when.tags.length === 0 || when.tags.some((tag) => tags.has(tag.toLowerCase()));
}

function suits({ when }: Rule, lang: string | null, accountLang: string | null): boolean {
  return accountLang === null || lang === null || when.lang.length > 0 || speaks(lang, accountLang.split("-", 1)[0] ?? "");
}

/** `de` takes `de-AT`; `de-AT` takes only itself (RFC 4647, basic filtering). */
function speaks(lang: string | null, range: string): boolean {
  const [one, other] = [lang?.toLowerCase() ?? "", range.toLowerCase()];
  return one === other || one.startsWith(`${other}-`);
}
