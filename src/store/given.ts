/** Rows that a statement may be given at most. */
export const MOST_GIVEN = 32;

/**
 * Rows given to a statement as JSON, `MOST_GIVEN` at most, for its `from`. Postgres reckons with that many however many
 * there are, and so keeps one plan, which finds each of them by its index.
 *
 * @param columns as in `id uuid, key text`
 */
export function given(parameter: `$${number}`, columns: string): string {
  return `(select * from jsonb_to_recordset(${parameter}) as row_given(${columns}) limit ${MOST_GIVEN})`;
}
