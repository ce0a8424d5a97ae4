import type { Pool, PoolClient, QueryResultRow } from "pg";

/** Whatever can be asked in SQL: the pool, or one transaction's client. Always a stage's first argument. */
export interface Db {
  query<Row extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<{ rows: Row[]; rowCount: number | null }>;
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
    query: (sql, values) => pool.query(sql, values as unknown[]),
    async transaction(work) {
      const client: PoolClient = await pool.connect();
      let broken: Error | undefined;
      try {
        await client.query("BEGIN");
        const result = await work({ query: (sql, values) => client.query(sql, values as unknown[]) });
        await client.query("COMMIT");
        return result;
      } catch (error) {
        await client.query("ROLLBACK").catch((failed: Error) => (broken = failed));
        throw error;
      } finally {
        client.release(broken);
      }
    },
  };
}
