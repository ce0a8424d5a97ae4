-- Accounts connected by a sign-in at their network: who we are there, sign-ins under way, and when access ends.

alter table slugline.account
  -- what the network said of the token: when it ends, and where it is renewed by itself, when that ends too
  add column token_ends_at timestamptz,
  add column token_renews boolean not null default false,
  add column refresh_ends_at timestamptz,
  -- when it is renewed next, and why the last time failed
  add column renew_at timestamptz,
  add column renew_error text,
  add column connected_at timestamptz,
  -- when a marked post was last posted there, found and removed
  add column proved_at timestamptz;
create index account_renew on slugline.account (renew_at) where renew_at is not null;

-- Our app (OAuth client) on a server, for one address to come back to; id and secret sealed under SLUGLINE_KEY.
create table slugline.connect_app (
  network text not null,
  server text not null,
  callback text not null,
  sealed bytea not null,
  updated_at timestamptz not null default slugline.now(),
  primary key (network, server, callback)
);

-- A sign-in under way, good for ten minutes, once, for the session that began it.
create table slugline.connect_attempt (
  id uuid primary key,
  state_hash bytea not null unique,
  session_id uuid not null references slugline.session (id) on delete cascade,
  person_id uuid not null references slugline.person on delete cascade,
  network text not null,
  -- connected anew; null for one that is to be added
  account_id uuid references slugline.account on delete cascade,
  -- server, authorize, callback and what the new account is to be; never a secret
  spec jsonb not null,
  -- what nobody else may know: the app and the PKCE verifier, then the tokens; null when it came to nothing
  sealed bytea,
  -- whose account it turned out to be
  remote_id text,
  remote_handle text,
  token_ends_at timestamptz,
  token_renews boolean not null default false,
  refresh_ends_at timestamptz,
  created_at timestamptz not null default slugline.now(),
  expires_at timestamptz not null,
  -- the person came back with this state: it works no second time
  used_at timestamptz,
  -- the network gave access; a person has to confirm whose
  given_at timestamptz
);
create index connect_attempt_session on slugline.connect_attempt (session_id);
