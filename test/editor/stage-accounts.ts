import { newId } from "../../src/lib/id.ts";
import type { TestStore } from "../support/store.ts";

/** Accounts in every state, all of them in rehearsal. */
export async function accountsOfAllKinds(store: TestStore): Promise<void> {
  await store.query(
    `insert into slugline.account (id, name, network, handle, lang, rehearsal, origin, state, state_why)
     values ($1, 'locked-en', 'mastodon', 'locked@mastodon.example', 'en', true, 'file', 'locked-out', 'The token was revoked.')`,
    [newId()],
  );
  // What newsrooms allow: of one account all there is to say, of another that its posts wait.
  const allowance = {
    perHour: 3,
    perDay: 12,
    quiet: { from: "23:00", to: "06:30", breaking: true },
    budget: { currency: "USD", perDay: 100_000, perMonth: 200_000_000, breakingShare: 30 },
    cost: { plain: 15_000, withLink: 200_000, currency: "USD" },
  };
  await store.query(
    `insert into slugline.account (id, name, network, lang, rehearsal, origin, allowance, rests_until, rests_why)
     values ($1, 'x-paid', 'x', 'en', true, 'file', $2, slugline.now() + interval '5 hours', 'budget')`,
    [newId(), JSON.stringify(allowance)],
  );
  await store.query(
    "update slugline.account set spacing_s = 60, rests_until = slugline.now() + interval '2 hours', rests_why = 'cap-day' where name = 'masto-en'",
  );
  await brakes(store);
}

/** An account each that its network, its app or its host keeps back, one that is turned away, and one whose host is just back. */
async function brakes(store: TestStore): Promise<void> {
  for (const [name, scope, columns, values] of [
    [
      "masto-limited",
      "account:",
      "posts_until, limit_why",
      "slugline.now() + interval '2 hours', 'The server asks to wait (429): Too many requests.'",
    ],
    ["masto-app", "app:x:1f0c", "posts_until", "slugline.now() + interval '20 minutes'"],
    [
      "masto-host",
      "host:mastodon.example.org",
      "opened_at, until, failures, failure_why",
      "slugline.now(), slugline.now() + interval '5 minutes', 4, 'mastodon.example.org refused the connection.'",
    ],
    [
      "tired-en",
      "account:",
      "opened_at, until, failures, failure_why",
      "slugline.now(), slugline.now() + interval '1 minute', 3, 'The server asks to wait (429).'",
    ],
    ["masto-back", "host:go.example.com", "closed_at, until", "slugline.now(), slugline.now()"],
  ] as const) {
    const id = newId();
    const own = scope === "account:" ? `account:${id}` : scope;
    await store.query(
      "insert into slugline.account (id, name, network, lang, rehearsal, origin, scopes) values ($1, $2, 'mastodon', 'en', true, 'file', $3)",
      [id, name, [`account:${id}`, own]],
    );
    await store.query(`insert into slugline.brake (scope, ${columns}) values ($1, ${values})`, [own]);
  }
}

/** An account connected anew, and a sign-in that waits to be confirmed. */
export async function connecting(store: TestStore, person: string): Promise<string[]> {
  const id = newId();
  const { rows } = await store.query<{ account: string }>(
    `update slugline.account set origin = 'editor', token_ends_at = slugline.now() + interval '3 days', renew_error = 'connect ECONNREFUSED',
            connected_at = slugline.now(), proved_at = slugline.now() where name = 'tired-en' returning id as account`,
  );
  await store.query(
    `insert into slugline.connect_attempt (id, state_hash, session_id, person_id, network, account_id, spec, remote_id, remote_handle, expires_at, given_at)
     select $1, 'x', s.id, s.person_id, 'mastodon', $2, '{"server": "https://mastodon.example.org"}', '1', 'desk@example.org', slugline.now() + interval '1 hour', slugline.now()
       from slugline.session s where s.person_id = $3 limit 1`,
    [id, rows[0]?.account, person],
  );
  return [`/accounts/${rows[0]?.account}/connect`, `/accounts/connections/${id}`];
}

/** Accounts that are posted for really, and one put into rehearsal at a press; who decides about them has a second factor. */
export async function forReal(store: TestStore, person: string): Promise<string[]> {
  await store.query("update slugline.person set totp_sealed = '\\x01', totp_at = slugline.now() where id = $1", [person]);
  await store.query(
    `insert into slugline.account (id, name, network, server, handle, lang, origin, verified_at, rehearsal_at, rehearsal_by)
     values ($1, 'x-real', 'x', 'https://api.x.com', 'dailyexample', null, 'editor', slugline.now(), null, null),
            ($2, 'masto-pressed', 'mastodon', 'https://mastodon.example', 'desk@mastodon.example', 'en', 'editor', slugline.now(), slugline.now(), 'Rosa')`,
    [newId(), newId()],
  );
  const { rows } = await store.query<{ id: string }>(
    "update slugline.account set rehearsal = false where name in ('tired-en', 'locked-en', 'x-paid', 'masto-host') returning id",
  );
  return ["/", "/accounts", "/accounts/connect", `/accounts/${rows[0]?.id}/connect`, "/me", "/people", `/people/${person}`];
}
