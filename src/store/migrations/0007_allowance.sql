-- What a newsroom allows itself: caps, quiet hours, money; and breaking news first.
-- Its index on a large table is built by 0012, which keeps no writer waiting. Before that it was built here:
-- was: 2f7167897045e55dd43b54a8a073eeeccf74749e7ab15cbf56b2610591971791 (with 0012)

alter table slugline.account
  -- perHour, perDay, quiet, budget, cost, timeZone: src/newsroom/allowance.ts
  add column allowance jsonb not null default '{}',
  -- its own pace: nothing of it but breaking news begins before this moment, and why (spacing, cap-hour, cap-day, quiet, budget)
  add column rests_until timestamptz,
  add column rests_why text;

-- When it last began to be sent: what caps count.
alter table slugline.delivery add column begun_at timestamptz;

-- Money: reserved in the transaction of the intent, settled when the post is there, released when it surely is not. A row that
-- nobody can tell about stays reserved.
create table slugline.spend (
  id uuid primary key,
  account_id uuid not null references slugline.account,
  delivery_id uuid not null references slugline.delivery on delete cascade,
  -- a post, or a look through the account's own posts
  kind text not null check (kind in ('post', 'read')),
  state text not null check (state in ('reserved', 'settled', 'released')),
  -- millionths of the currency's unit
  micros bigint not null check (micros >= 0),
  currency text not null,
  breaking boolean not null,
  -- what a rehearsal would have cost is reckoned apart
  rehearsal boolean not null,
  at timestamptz not null default slugline.now(),
  settled_at timestamptz
);
create unique index spend_post on slugline.spend (delivery_id) where kind = 'post' and state <> 'released';
create index spend_account on slugline.spend (account_id, at) where state <> 'released';

-- However a delivery is moved, its money follows. What is released, and what counts in no cap any more, is free at once.
create function slugline.delivery_paid() returns trigger language plpgsql as $$
begin
  if new.state = 'posted' then
    update slugline.spend set state = 'settled', settled_at = slugline.now() where delivery_id = new.id and state = 'reserved';
  else
    update slugline.spend set state = 'released', settled_at = slugline.now() where delivery_id = new.id and state = 'reserved';
    update slugline.account set rests_until = null, rests_why = null
     where id = new.account_id and rests_why in ('cap-hour', 'cap-day', 'budget');
  end if;
  return null;
end $$;
create trigger delivery_paid after update of state on slugline.delivery for each row
  when (new.begun_at is not null and old.state <> new.state
    and new.state in ('posted', 'due', 'refused', 'locked-out', 'cancelled'))
  execute function slugline.delivery_paid();

-- A bell about breaking news goes before the others.
alter table slugline.outbox add column urgent boolean not null default false;

create function slugline.outbox_urgent() returns trigger language plpgsql as $$
begin
  new.urgent := coalesce((select priority = 'breaking' from slugline.post where id = new.subject), false);
  return new;
end $$;
create trigger outbox_urgent before insert on slugline.outbox for each row when (new.bell in ('review', 'delivery'))
  execute function slugline.outbox_urgent();
