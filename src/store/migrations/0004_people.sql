-- Who may do what on which account, the second factor, sessions that can be told apart, invitations.

alter table slugline.person drop constraint person_role_check;
alter table slugline.person add constraint person_role_check check (role in ('viewer', 'writer', 'editor', 'admin', 'none'));

-- A role on one account in place of the person's own; `none`: the account does not exist for them.
create table slugline.person_account (
  person_id uuid not null references slugline.person on delete cascade,
  account_id uuid not null references slugline.account on delete cascade,
  role text not null check (role in ('viewer', 'writer', 'editor', 'admin', 'none')),
  primary key (person_id, account_id)
);
create index person_account_account on slugline.person_account (account_id);

-- The secret is sealed under SLUGLINE_KEY; the last time step a code was taken for, so that each works once (RFC 6238, 5.2).
alter table slugline.person
  add column totp_sealed bytea,
  add column totp_at timestamptz,
  add column totp_step integer not null default 0,
  add constraint person_totp check ((totp_sealed is null) = (totp_at is null));

create table slugline.recovery_code (
  person_id uuid not null references slugline.person on delete cascade,
  code_hash bytea not null,
  used_at timestamptz,
  primary key (person_id, code_hash)
);

-- A session is shown to its person by a coarse label (never an address), and ended by its id.
alter table slugline.session
  add column id uuid not null unique default gen_random_uuid(),
  add column label text not null default '',
  -- a secret being set up: known to this session alone until a code proves that it was read
  add column totp_pending bytea,
  add column totp_pending_at timestamptz;

-- The password was right, the code is still to come; it opens nothing else.
create table slugline.half_session (
  token_hash bytea primary key,
  person_id uuid not null references slugline.person on delete cascade,
  tries integer not null default 0,
  expires_at timestamptz not null
);
create index half_session_person on slugline.half_session (person_id);

create table slugline.invitation (
  id uuid primary key,
  token_hash bytea not null unique,
  email text not null,
  role text not null check (role in ('viewer', 'writer', 'editor', 'admin', 'none')),
  -- by account id, as in person_account
  accounts jsonb not null default '{}',
  invited_by uuid not null references slugline.person on delete cascade,
  created_at timestamptz not null default slugline.now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  revoked_at timestamptz
);
