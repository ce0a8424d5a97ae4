import type { Pool, PoolClient, QueryConfig } from "pg";
import { createStore, type Store } from "../../../src/store/db.ts";
import type { Gate, How } from "./gate.ts";

/** As the driver says it when the connection breaks in the middle of a statement. */
function lost(): Error {
  return Object.assign(new Error("Connection terminated unexpectedly"), { code: "ECONNRESET" });
}

interface Session {
  readonly actor: string;
  readonly client: PoolClient;
  readonly pid: number;
  broken: boolean;
  open: boolean;
  /** When it last asked something inside a transaction (ms of the run's clock); undefined outside of one. */
  idleSince: number | undefined;
  /** Unheard, a session that ends would end the run. */
  onError(): void;
}

/**
 * A store for each actor, made by the program's own `createStore` on connections of which any answer may be lost: before the
 * statement is done, or after, COMMIT included. What is open on a connection that breaks is rolled back, as Postgres does.
 */
export function createSessions(pool: Pool, gate: Gate, now: () => number) {
  const sessions = new Set<Session>();

  async function breakOff(session: Session): Promise<void> {
    session.broken = true;
    session.idleSince = undefined;
    await gate.beside(`${session.actor} is broken off`, session.client.query("ROLLBACK"));
    gate.freed();
  }

  function close(session: Session): void {
    if (!session.open) return;
    session.open = false;
    sessions.delete(session);
    session.client.off("error", session.onError);
    session.client.release();
  }

  async function connect(actor: string): Promise<Session> {
    const client = await gate.beside(`${actor} connects`, pool.connect());
    // Killed while it waited for a connection.
    if (gate.isDead(actor)) {
      client.release();
      return new Promise(() => undefined);
    }
    const pid = (client as unknown as { readonly processID: number }).processID;
    const onError = () => void (session.broken = true);
    const session: Session = { actor, client, pid, broken: false, open: true, idleSince: undefined, onError };
    client.on("error", onError);
    sessions.add(session);
    return session;
  }

  /** As the program asks: a transaction's own words as text, a stage's statements as a config, which may have a name. */
  function ask(session: Session, asked: string | QueryConfig): Promise<unknown> {
    const statement = typeof asked === "string" ? { text: asked } : asked;
    if (session.broken) return Promise.reject(lost());
    // Beginning and taking back change nothing that anybody could see.
    if (statement.text === "BEGIN" || statement.text === "ROLLBACK") return plain(session, statement);
    const run = async (how: How): Promise<unknown> => {
      if (session.broken) throw lost();
      if (how === "before") return breakOff(session).then(() => Promise.reject(lost()));
      const answer = await plain(session, statement);
      if (how === "after") return breakOff(session).then(() => Promise.reject(lost()));
      return answer;
    };
    const frees = statement.text === "COMMIT" || session.idleSince === undefined;
    return gate.pass({ actor: session.actor, label: labelOf(statement.text), pid: session.pid, frees, run });
  }

  async function plain(session: Session, statement: QueryConfig): Promise<unknown> {
    const { text } = statement;
    const asking = session.client.query(statement);
    const plain = text === "BEGIN" || text === "ROLLBACK";
    const answer: unknown = await (plain ? gate.beside(`${session.actor} ${text}`, asking) : asking);
    if (text === "ROLLBACK") gate.freed();
    if (text === "COMMIT" || text === "ROLLBACK") session.idleSince = undefined;
    else if (text === "BEGIN" || session.idleSince !== undefined) session.idleSince = now();
    return answer;
  }

  return {
    storeOf(actor: string): Store {
      const wrapped = {
        options: pool.options,
        connect: async () => {
          const session = await connect(actor);
          const heard = () => undefined;
          const query = (asked: string | QueryConfig) => ask(session, asked);
          return { query, release: () => close(session), on: heard, off: heard };
        },
        query: async (asked: string | QueryConfig) => {
          const session = await connect(actor);
          return ask(session, asked).finally(() => close(session));
        },
      };
      return createStore(wrapped as unknown as Pool);
    },

    /** Postgres ends sessions that stay idle inside a transaction for longer than this: what they hold is free again. */
    async endIdle(ms: number): Promise<number> {
      const idle = [...sessions].filter(
        ({ pid, idleSince }) => !gate.blocked(pid) && idleSince !== undefined && now() - idleSince > ms,
      );
      for (const session of idle) await breakOff(session);
      if (idle.length > 0) await gate.settle();
      return idle.length;
    },

    /** What an actor that was killed held is rolled back, and its connections are free again. */
    async bury(actor: string): Promise<void> {
      for (const session of [...sessions].filter((one) => one.actor === actor)) {
        if (gate.blocked(session.pid)) await pool.query("select pg_cancel_backend($1)", [session.pid]);
        await breakOff(session);
        close(session);
      }
      await gate.settle();
    },
  };
}

function labelOf(sql: string): string {
  return sql.replaceAll(/\s+/g, " ").trim().slice(0, 90);
}
