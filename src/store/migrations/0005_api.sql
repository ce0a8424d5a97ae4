-- The programs' door: tokens, answers kept for requests that come twice, the order in which rows changed, a story's own link.

create table slugline.api_token (
  id uuid primary key,
  name text not null,
  -- SHA-256; the token itself is told once and stands nowhere
  token_hash bytea not null unique,
  scopes text[] not null,
  role text not null check (role in ('viewer', 'writer', 'editor', 'admin', 'none')),
  -- whose it is: what it does they did, and it may do no more than they may; null: a program's own
  person_id uuid references slugline.person on delete cascade,
  made_by text not null,
  created_at timestamptz not null default slugline.now(),
  expires_at timestamptz,
  -- to the hour
  last_used_at timestamptz,
  revoked_at timestamptz,
  revoked_by text
);
create unique index api_token_name on slugline.api_token (lower(name)) where revoked_at is null;
create index api_token_person on slugline.api_token (person_id) where person_id is not null;

-- A role on one account in place of the token's own, as person_account is for people.
create table slugline.api_token_account (
  token_id uuid not null references slugline.api_token on delete cascade,
  account_id uuid not null references slugline.account on delete cascade,
  role text not null check (role in ('viewer', 'writer', 'editor', 'admin', 'none')),
  primary key (token_id, account_id)
);
create index api_token_account_account on slugline.api_token_account (account_id);

-- What a request with an Idempotency-Key was answered, written in the transaction of what it did.
create table slugline.api_answer (
  token_id uuid not null references slugline.api_token on delete cascade,
  key text not null,
  -- method, address and body: another request under the same key is refused
  request_hash bytea not null,
  status integer not null,
  headers jsonb not null default '{}',
  body text not null,
  at timestamptz not null default slugline.now(),
  primary key (token_id, key)
);
create index api_answer_at on slugline.api_answer (at);

-- The order of changes: the transaction's number, so that a list which stays behind the oldest one still running skips
-- nothing. `base` grows when the rows were restored into a Postgres whose own numbers are lower.
create table slugline.change_order (
  one boolean primary key default true check (one),
  base bigint not null default 0
);
insert into slugline.change_order default values;

-- Before this number nothing changes any more: the oldest transaction of the statement's own snapshot that still runs, but
-- for those that are known to work in other databases of this Postgres. One that cannot be told counts.
create function slugline.change_horizon() returns bigint language sql stable as $$
  select base + coalesce(
      (select min(x::text::bigint) from pg_snapshot_xip(pg_current_snapshot()) x
        where not exists (select from pg_stat_activity a join pg_database d on d.oid = a.datid
                           where a.backend_xid = x::xid and d.datname <> current_database())),
      pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
    from slugline.change_order
$$;

create function slugline.row_changed() returns trigger language plpgsql as $$
begin
  new.changed := (select base from slugline.change_order) + pg_current_xact_id()::text::bigint;
  return new;
end $$;

alter table slugline.article add column changed bigint not null default 0;
alter table slugline.post add column changed bigint not null default 0;
alter table slugline.delivery add column changed bigint not null default 0;
alter table slugline.link add column changed bigint not null default 0;
create index article_by_change on slugline.article (changed, id);
create index post_by_change on slugline.post (changed, id);
create index delivery_by_change on slugline.delivery (changed, id);
create index link_by_change on slugline.link (changed, id);
create trigger row_changed before insert or update on slugline.article for each row execute function slugline.row_changed();
create trigger row_changed before insert or update on slugline.post for each row execute function slugline.row_changed();
create trigger row_changed before insert or update on slugline.delivery for each row execute function slugline.row_changed();
create trigger row_changed before insert or update on slugline.link for each row execute function slugline.row_changed();

-- Lists by one thing, the newest first: rare ones are found without reading all.
create index article_by_state on slugline.article (state, id);
create index article_by_source on slugline.article (source_id, id);
create index article_held on slugline.article (source_id) where state = 'held';
create index post_by_state on slugline.post (state, id);
create index post_by_account on slugline.post (account_id, id);
create index delivery_by_state on slugline.delivery (state, id);
create index delivery_by_account on slugline.delivery (account_id, id);

-- After a restore: whatever is numbered ahead of this Postgres is behind it again.
create function slugline.keep_change_order() returns void language plpgsql as $$
declare
  latest bigint;
begin
  perform 1 from slugline.change_order for update;
  select greatest((select max(changed) from slugline.article), (select max(changed) from slugline.post),
                  (select max(changed) from slugline.delivery), (select max(changed) from slugline.link)) into latest;
  update slugline.change_order set base = latest - pg_snapshot_xmin(pg_current_snapshot())::text::bigint + 1
   where latest >= base + pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
end $$;

-- The story's address as a CMS asked with it, where we made the link before we knew the story.
alter table slugline.link add column story_url text;
create unique index link_story on slugline.link (story_url, placement) where story_url is not null;
create index link_by_placement on slugline.link (placement, id) where story_url is not null;
create index article_duplicate on slugline.article (canonical_url) where state = 'duplicate';
