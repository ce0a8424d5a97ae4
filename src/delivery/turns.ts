/** So many deliveries of one account are in hand at once, in one process: of the thirty-two hands four may hang at a dead server. */
const AT_ONCE = 4;

/**
 * Whose turn it is (DESIGN R6): an account whose server hangs keeps a few hands busy, and the others serve the other accounts.
 * What comes for an account that has enough in hand is remembered, not waited for; whoever ends first takes it up, breaking
 * news first. Forgetting it loses nothing: its row is due.
 */
export interface Turns {
  /** Does the work, and then what was remembered meanwhile; or, where enough of this account is in hand, remembers it. */
  take(account: string, work: Turn, signal: AbortSignal): Promise<void>;
  /** Nothing that was remembered is taken up any more. */
  close(): void;
}

export interface Turn {
  readonly id: string;
  readonly breaking: boolean;
  /** @param waited whether it was remembered first: what was known of its row is old by now */
  run(signal: AbortSignal, waited: boolean): Promise<void>;
}

export function createTurns(atOnce = AT_ONCE): Turns {
  const inHand = new Map<string, Set<string>>();
  const waiting = new Map<string, Map<string, Turn>>();
  let closed = false;

  /** The next that waits for this account, and is not in somebody's hand. */
  function next(account: string): Turn | undefined {
    const line = waiting.get(account);
    if (line === undefined || closed) return undefined;
    const free = [...line.values()].filter(({ id }) => !inHand.get(account)?.has(id));
    const found = free.find(({ breaking }) => breaking) ?? free[0];
    if (found) line.delete(found.id);
    if (line.size === 0) waiting.delete(account);
    return found;
  }

  return {
    async take(account, first, signal) {
      const held = inHand.get(account) ?? new Set<string>();
      if (held.size >= atOnce || held.has(first.id)) {
        const line = waiting.get(account) ?? new Map<string, Turn>();
        waiting.set(account, line.set(first.id, first));
        return;
      }
      for (let turn: Turn | undefined = first; turn; turn = signal.aborted ? undefined : next(account)) {
        inHand.set(account, held.add(turn.id));
        try {
          await turn.run(signal, turn !== first);
        } finally {
          held.delete(turn.id);
          if (held.size === 0) inHand.delete(account);
        }
      }
    },
    close() {
      closed = true;
    },
  };
}
