-- The rows of the river, left to right. State lives here; BullMQ only rings bells about it.
-- Ids are UUIDv7 made by the program. Times are set by slugline.now(), never by now().

create schema if not exists slugline;

-- The store's clock. `shift` is zero outside tests.
create table slugline.clock (
  one boolean primary key default true check (one),
  shift interval not null default '0'
);
insert into slugline.clock default values;

create function slugline.now() returns timestamptz
language sql stable
as $$ select statement_timestamp() + (select shift from slugline.clock) $$;

-- 0 newsroom -------------------------------------------------------------------------------------------------------

-- One row: the stop switch, and what `apply` last read.
create table slugline.newsroom (
  one boolean primary key default true check (one),
  paused_at timestamptz,
  paused_by text,
  paused_why text,
  site jsonb not null default '{}'
);
insert into slugline.newsroom default values;

create table slugline.voice (
  name text primary key,
  spec jsonb not null,
  origin text not null check (origin in ('file', 'editor')),
  updated_at timestamptz not null default slugline.now()
);

create table slugline.account (
  id uuid primary key,
  name text not null unique,
  network text not null,
  server text not null default '',
  handle text,
  lang text,
  voice text not null default 'plain',
  mode text not null default 'review' check (mode in ('review', 'auto')),
  rehearsal boolean not null default false,
  -- why the account is held in rehearsal although it is not declared so
  rehearsal_why text,
  spacing_s integer not null default 0 check (spacing_s >= 0),
  on_unknown text not null default 'ask' check (on_unknown in ('ask', 'assume-posted')),
  -- names of environment variables, visibility and the like; never a secret
  settings jsonb not null default '{}',
  origin text not null check (origin in ('file', 'editor')),
  state text not null default 'active' check (state in ('active', 'locked-out', 'disabled')),
  state_why text,
  state_at timestamptz not null default slugline.now(),
  -- what the network told of the account, and when
  remote_id text,
  remote_handle text,
  limits jsonb,
  limits_at timestamptz,
  verified_at timestamptz,
  -- pacing: nothing of this account starts sending before this moment
  next_at timestamptz not null default '-infinity',
  failures integer not null default 0,
  created_at timestamptz not null default slugline.now(),
  updated_at timestamptz not null default slugline.now()
);

create table slugline.rule (
  id uuid primary key,
  -- the first rule that matches decides
  position integer not null,
  spec jsonb not null,
  origin text not null check (origin in ('file', 'editor')),
  unique (origin, position)
);

create table slugline.person (
  id uuid primary key,
  email text not null,
  name text not null,
  password_hash text,
  role text not null default 'editor' check (role in ('viewer', 'writer', 'editor', 'admin')),
  lang text not null default 'en',
  shortcuts boolean not null default true,
  created_at timestamptz not null default slugline.now(),
  disabled_at timestamptz
);
create unique index person_email on slugline.person (lower(email));

-- Only hashes of what the browser holds.
create table slugline.session (
  token_hash bytea primary key,
  person_id uuid not null references slugline.person on delete cascade,
  created_at timestamptz not null default slugline.now(),
  seen_at timestamptz not null default slugline.now(),
  expires_at timestamptz not null
);
create index session_person on slugline.session (person_id);

-- Single-use links of a terminal: the first admin's, and `user add`'s. Opening one shows a button; the POST consumes it.
create table slugline.sign_in_link (
  token_hash bytea primary key,
  -- null: makes the first admin
  person_id uuid references slugline.person on delete cascade,
  expires_at timestamptz not null,
  used_at timestamptz
);

-- Failed sign-ins by account and by address (/64 for IPv6); cleared by age.
create table slugline.sign_in_failure (
  key_hash bytea not null,
  at timestamptz not null default slugline.now()
);
create index sign_in_failure_key on slugline.sign_in_failure (key_hash, at);

-- 1 article --------------------------------------------------------------------------------------------------------

create table slugline.source (
  id uuid primary key,
  name text not null unique,
  kind text not null check (kind in ('feed', 'hook')),
  url text,
  settings jsonb not null default '{}',
  origin text not null check (origin in ('file', 'editor')),
  state text not null default 'active' check (state in ('active', 'gone', 'disabled')),
  state_why text,
  interval_s integer not null default 300 check (interval_s > 0),
  -- validators of the last 200, byte for byte; both from the same answer
  etag text,
  last_modified text,
  next_check_at timestamptz not null default '-infinity',
  -- the lease of a check under way; also keeps it to one request at a time per host
  checking_until timestamptz,
  host text,
  -- when its first sight was taken as the baseline
  baseline_at timestamptz,
  last_ok_at timestamptz,
  last_new_at timestamptz,
  moved_to text,
  moved_seen integer not null default 0,
  failures integer not null default 0,
  failing_since timestamptz,
  error text,
  created_at timestamptz not null default slugline.now(),
  updated_at timestamptz not null default slugline.now()
);
create index source_due on slugline.source (next_check_at) where kind = 'feed' and state = 'active';

create table slugline.source_check (
  id uuid primary key,
  source_id uuid not null references slugline.source on delete cascade,
  at timestamptz not null default slugline.now(),
  outcome text not null,
  status integer,
  items integer,
  fresh integer,
  took_ms integer,
  error text
);
create index source_check_latest on slugline.source_check (source_id, at desc);

-- A hook acknowledged: its id makes a repetition harmless.
create table slugline.hook_delivery (
  source_id uuid not null references slugline.source on delete cascade,
  webhook_id text not null,
  received_at timestamptz not null default slugline.now(),
  event text not null,
  article_id uuid,
  primary key (source_id, webhook_id)
);

create table slugline.article (
  id uuid primary key,
  source_id uuid not null references slugline.source,
  -- as the source names it; null for a hook that gave only an address
  guid text,
  url text not null,
  -- normalised; the story's one identity over all sources
  canonical_url text not null,
  -- seen: waits to be read; baseline: known before we began; held: the flood guard asks; failed: could not be read
  state text not null check (state in ('seen', 'ready', 'baseline', 'held', 'duplicate', 'failed', 'removed')),
  duplicate_of uuid references slugline.article,
  version integer not null default 1,
  -- the version whose posts are written; less than `version`: the post stage is due
  composed_version integer not null default 0,
  title text not null default '',
  summary text,
  -- what the source itself told, before the page was read
  given jsonb not null default '{}',
  body text[] not null default '{}',
  lang text,
  dir text check (dir in ('ltr', 'rtl')),
  image_url text,
  image_alt text,
  authors text[] not null default '{}',
  tags text[] not null default '{}',
  social jsonb not null default '{}',
  paywalled boolean,
  content_hash text,
  published_at timestamptz,
  updated_at timestamptz,
  embargo_until timestamptz,
  first_seen_at timestamptz not null default slugline.now(),
  read_at timestamptz,
  removed_at timestamptz,
  -- reading it: not before, how often it failed, why
  next_at timestamptz not null default '-infinity',
  failures integer not null default 0,
  error text,
  -- no rule took it: shown, never silently dropped
  unclaimed boolean not null default false
);
create unique index article_guid on slugline.article (source_id, guid) where guid is not null;
create unique index article_canonical on slugline.article (canonical_url) where state <> 'duplicate';
create index article_to_read on slugline.article (next_at) where state = 'seen';
create index article_to_compose on slugline.article (id) where state in ('ready', 'removed') and composed_version < version;
create index article_latest on slugline.article (first_seen_at desc, id desc);

create table slugline.article_change (
  id uuid primary key,
  article_id uuid not null references slugline.article on delete cascade,
  at timestamptz not null default slugline.now(),
  kind text not null check (kind in ('edited', 'removed', 'restored')),
  version integer not null,
  before jsonb not null default '{}'
);
create index article_change_article on slugline.article_change (article_id, at);

-- 2 link -----------------------------------------------------------------------------------------------------------

create table slugline.link (
  id uuid primary key,
  code text not null unique,
  -- what a click record carries (32 bits)
  number integer generated always as identity unique,
  target text not null,
  article_id uuid references slugline.article,
  -- where it stands: `post:<post id>`, `story`, `print`, ...
  placement text not null,
  state text not null default 'reserved' check (state in ('reserved', 'live', 'retired')),
  created_at timestamptz not null default slugline.now(),
  live_at timestamptz,
  retired_at timestamptz,
  -- moves with every change, so that a redirect can ask for what it missed
  changed_at timestamptz not null default slugline.now(),
  unique (article_id, placement)
);
create index link_changed on slugline.link (changed_at);

create table slugline.link_change (
  id uuid primary key,
  link_id uuid not null references slugline.link,
  at timestamptz not null default slugline.now(),
  kind text not null check (kind in ('live', 'retired', 'retargeted')),
  before text,
  by text
);

-- A link never comes back: not reserved again once public, not live again once retired.
create function slugline.link_moves() returns trigger language plpgsql as $$
begin
  if old.code <> new.code or old.number <> new.number then
    raise exception 'a link keeps its code' using errcode = 'SL001';
  end if;
  if (old.state = 'live' and new.state = 'reserved') or (old.state = 'retired' and new.state <> 'retired') then
    raise exception 'a link does not go from % to %', old.state, new.state using errcode = 'SL001';
  end if;
  new.changed_at := slugline.now();
  return new;
end $$;
create trigger link_moves before update on slugline.link for each row execute function slugline.link_moves();

create function slugline.link_told() returns trigger language plpgsql as $$
begin
  perform pg_notify('slugline_link', new.code);
  return null;
end $$;
create trigger link_told after insert or update on slugline.link for each row when (new.state <> 'reserved')
  execute function slugline.link_told();

-- 3 post -----------------------------------------------------------------------------------------------------------

create table slugline.post (
  id uuid primary key,
  article_id uuid not null references slugline.article,
  account_id uuid not null references slugline.account,
  occasion text not null default 'first' check (occasion in ('first', 'reshare', 'correction')),
  part integer not null default 1 check (part >= 1),
  state text not null default 'draft' check (state in ('draft', 'waiting', 'approved', 'rejected', 'held', 'expired')),
  -- what decides: an editor, or the rule, source or account that says auto
  mode text not null check (mode in ('review', 'auto')),
  mode_why text not null,
  priority text not null default 'normal' check (priority in ('normal', 'breaking')),
  revision integer not null default 1 check (revision >= 1),
  article_version integer not null,
  link_id uuid references slugline.link unique,
  -- nothing goes out before (embargo, schedule) or after (stale news)
  not_before timestamptz,
  not_after timestamptz,
  created_at timestamptz not null default slugline.now(),
  updated_at timestamptz not null default slugline.now(),
  unique (article_id, account_id, occasion, part)
);
create index post_waiting on slugline.post (created_at, id) where state = 'waiting';
create index post_state on slugline.post (state, updated_at desc);
create index post_account on slugline.post (account_id, created_at desc);

create table slugline.post_revision (
  post_id uuid not null references slugline.post on delete cascade,
  revision integer not null,
  text text not null,
  lang text,
  dir text not null default 'ltr' check (dir in ('ltr', 'rtl')),
  media jsonb not null default '[]',
  sensitive boolean not null default false,
  spoiler text,
  -- sha-256 of everything that is sent
  hash text not null,
  -- the voice wrote it, or a person
  written_by uuid references slugline.person,
  why jsonb not null default '[]',
  at timestamptz not null default slugline.now(),
  primary key (post_id, revision)
);

-- 4 review ---------------------------------------------------------------------------------------------------------

create table slugline.decision (
  id uuid primary key,
  post_id uuid not null references slugline.post on delete cascade,
  revision integer not null,
  kind text not null check (kind in ('approve', 'reject', 'hold', 'release', 'schedule', 'expire')),
  by_person uuid references slugline.person,
  -- who decided when it was no person: `account masto-en`, `rule 2`, `article withdrawn`, ...
  by_rule text,
  until timestamptz,
  why text,
  at timestamptz not null default slugline.now(),
  check ((by_person is null) <> (by_rule is null)),
  foreign key (post_id, revision) references slugline.post_revision
);
create index decision_post on slugline.decision (post_id, at);

-- 5 delivery -------------------------------------------------------------------------------------------------------

create table slugline.delivery (
  id uuid primary key,
  post_id uuid not null references slugline.post,
  revision integer not null,
  account_id uuid not null references slugline.account,
  state text not null default 'due' check (state in
    ('due', 'sending', 'posted', 'refused', 'locked-out', 'unknown', 'asked', 'stale', 'cancelled')),
  priority text not null default 'normal' check (priority in ('normal', 'breaking')),
  not_after timestamptz,
  -- when something is to be done about it next: send, look, ask
  next_at timestamptz not null default slugline.now(),
  -- the intent, committed before the first request and the same on every try
  idempotency text,
  intent_at timestamptz,
  intent_hash text,
  link_code text,
  -- the lease of who is sending or looking; epoch grows with each new owner
  lease_until timestamptz,
  epoch integer not null default 0,
  attempts integer not null default 0,
  -- since when it is unknown, and how many look-ups after the settle time found nothing
  unknown_at timestamptz,
  misses integer not null default 0,
  why text,
  remote_id text,
  remote_url text,
  posted_at timestamptz,
  -- who says so where the network cannot: a person, or the account's onUnknown
  assumed text check (assumed in ('person', 'rule')),
  created_at timestamptz not null default slugline.now(),
  updated_at timestamptz not null default slugline.now(),
  foreign key (post_id, revision) references slugline.post_revision,
  check (state <> 'posted' or (posted_at is not null and (remote_id is not null or assumed is not null))),
  check (state not in ('sending', 'unknown', 'asked') or idempotency is not null or attempts = 0)
);
create unique index delivery_one_per_post on slugline.delivery (post_id) where state <> 'cancelled';
create unique index delivery_remote on slugline.delivery (account_id, remote_id) where remote_id is not null;
create index delivery_due on slugline.delivery (next_at) where state in ('due', 'sending', 'unknown', 'stale');
create index delivery_account on slugline.delivery (account_id, created_at desc);

create function slugline.delivery_moves() returns trigger language plpgsql as $$
begin
  if old.state <> new.state and (old.state, new.state) not in (
    ('due', 'sending'), ('due', 'cancelled'), ('due', 'stale'),
    ('sending', 'posted'), ('sending', 'due'), ('sending', 'refused'), ('sending', 'locked-out'), ('sending', 'unknown'),
    ('unknown', 'posted'), ('unknown', 'due'), ('unknown', 'asked'),
    ('stale', 'asked'),
    ('refused', 'due'), ('refused', 'cancelled'), ('locked-out', 'due'), ('locked-out', 'cancelled'),
    ('asked', 'posted'), ('asked', 'due'), ('asked', 'cancelled'))
  then
    raise exception 'a delivery does not go from % to %', old.state, new.state using errcode = 'SL002';
  end if;
  if new.epoch < old.epoch then
    raise exception 'a delivery''s epoch only grows' using errcode = 'SL002';
  end if;
  new.updated_at := slugline.now();
  return new;
end $$;
create trigger delivery_moves before update on slugline.delivery for each row execute function slugline.delivery_moves();

-- An approval is taken back only while nothing of the post is on its way.
create function slugline.post_moves() returns trigger language plpgsql as $$
begin
  if (old.revision <> new.revision or (old.state = 'approved' and new.state <> 'approved')) and exists (
    select from slugline.delivery where post_id = new.id and state in ('sending', 'unknown', 'asked', 'posted'))
  then
    raise exception 'the post is on its way' using errcode = 'SL003';
  end if;
  if new.revision < old.revision then
    raise exception 'a revision only grows' using errcode = 'SL003';
  end if;
  new.updated_at := slugline.now();
  return new;
end $$;
create trigger post_moves before update on slugline.post for each row execute function slugline.post_moves();

create table slugline.attempt (
  id uuid primary key,
  delivery_id uuid not null references slugline.delivery on delete cascade,
  epoch integer not null,
  kind text not null check (kind in ('send', 'look')),
  began_at timestamptz not null default slugline.now(),
  ended_at timestamptz,
  outcome text,
  why text
);
create index attempt_delivery on slugline.attempt (delivery_id, began_at);

-- What accounts in rehearsal "posted".
create table slugline.timeline (
  id uuid primary key,
  account_id uuid not null references slugline.account,
  key text not null,
  text text not null,
  lang text,
  link text,
  media jsonb not null default '[]',
  sensitive boolean not null default false,
  spoiler text,
  at timestamptz not null default slugline.now(),
  edited_at timestamptz,
  removed_at timestamptz,
  unique (account_id, key)
);
create index timeline_latest on slugline.timeline (at desc, id desc);

-- 6 click ----------------------------------------------------------------------------------------------------------

create table slugline.click_hour (
  link_number integer not null,
  hour timestamptz not null,
  -- click: a person's visit; bot, preview, prefetch: counted apart
  class text not null check (class in ('click', 'bot', 'preview', 'prefetch')),
  count integer not null,
  primary key (link_number, hour, class)
);

-- How far each segment of click records is counted; moved in the same transaction as the counts.
create table slugline.shipped (
  segment text primary key,
  bytes bigint not null,
  done boolean not null default false,
  at timestamptz not null default slugline.now()
);

-- across -----------------------------------------------------------------------------------------------------------

-- Bells not yet rung, written in the transaction of what they tell of.
create table slugline.outbox (
  id bigint generated always as identity primary key,
  bell text not null,
  subject uuid not null,
  at timestamptz not null default slugline.now()
);

create function slugline.outbox_told() returns trigger language plpgsql as $$
begin
  perform pg_notify('slugline_outbox', '');
  return null;
end $$;
create trigger outbox_told after insert on slugline.outbox for each statement execute function slugline.outbox_told();

-- The append-only history, written in the same transaction as what it tells.
create table slugline.event (
  id uuid primary key,
  at timestamptz not null default slugline.now(),
  kind text not null,
  source_id uuid,
  article_id uuid,
  account_id uuid,
  post_id uuid,
  delivery_id uuid,
  person_id uuid,
  data jsonb not null default '{}'
);
create index event_latest on slugline.event (at desc, id desc);
create index event_post on slugline.event (post_id, at) where post_id is not null;
create index event_article on slugline.event (article_id, at) where article_id is not null;

create function slugline.event_stays() returns trigger language plpgsql as $$
begin
  raise exception 'the history is append-only' using errcode = 'SL004';
end $$;
create trigger event_stays before update on slugline.event for each row execute function slugline.event_stays();

create function slugline.event_told() returns trigger language plpgsql as $$
begin
  perform pg_notify('slugline_event', new.kind);
  return null;
end $$;
create trigger event_told after insert on slugline.event for each row execute function slugline.event_told();

create function slugline.clicks_told() returns trigger language plpgsql as $$
begin
  perform pg_notify('slugline_event', 'clicks-counted');
  return null;
end $$;
create trigger clicks_told after insert or update on slugline.shipped for each statement execute function slugline.clicks_told();
