-- Secrets that a program or `account add` keeps, sealed under SLUGLINE_KEY: without the key these bytes say nothing.

create table slugline.credential (
  account_id uuid not null references slugline.account on delete cascade,
  -- as the driver asks for it: `token`, `session`
  name text not null check (name ~ '^[A-Za-z]+$'),
  -- AES-256-GCM; the id of the key that sealed it is in its bytes 2 to 9
  sealed bytea not null,
  -- network, server and handle it was given for; for any other it does not exist
  pinned text not null,
  updated_at timestamptz not null default slugline.now(),
  primary key (account_id, name)
);
