import type { Pool, PoolClient, QueryConfig, QueryResultRow } from "pg";

/** Whatever can be asked in SQL: the pool, or one transaction's client. Always a stage's first argument. */
export interface Db {
  /**
   * @param name for what is asked for every delivery: parsed and planned once for each connection, under this name. One name
   *   is one text, and the values must not change how the rows are best found.
   */
  query<Row extends QueryResultRow>(
    sql: string,
    values?: readonly unknown[],
    name?: string,
  ): Promise<{ rows: Row[]; rowCount: number | null }>;
}

/** A pool that can also begin transactions. */
export interface Store extends Db {
  /** Runs `work` in one transaction: committed when it returns, rolled back when it throws. */
  transaction<Result>(work: (db: Db) => Promise<Result>): Promise<Result>;
  /** The underlying pool, for what needs a client of its own (LISTEN, COPY). */
  readonly pool: Pool;
}

export function createStore(pool: Pool): Store {
  return {
    pool,
    ...dbOf(pool),
    async transaction(work) {
      const client: PoolClient = await pool.connect();
      let broken: Error | undefined;
      // A session may end between two statements. The next one says so; unheard, the event would end the process.
      const onError = (error: Error) => void (broken = error);
      client.on("error", onError);
      try {
        await client.query("BEGIN");
        const result = await work(dbOf(client));
        await client.query("COMMIT");
        return result;
      } catch (error) {
        await client.query("ROLLBACK").catch((failed: Error) => (broken = failed));
        throw error;
      } finally {
        client.off("error", onError);
        client.release(broken);
      }
    },
  };
}

/** A client of one's own, or a pool, asked as every stage asks. */
export function dbOf(client: Pick<Pool, "query"> | Pick<PoolClient, "query">): Db {
  return { query: (sql, values, name) => client.query(statement(sql, values, name)) };
}

function statement(text: string, values: readonly unknown[] | undefined, name: string | undefined): QueryConfig {
  return { text, ...(values ? { values: values as unknown[] } : {}), ...(name ? { name } : {}) };
}
