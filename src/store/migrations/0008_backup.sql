-- What a restore must find out before anything is sent, and rehearsal at a press.
-- Its index on a large table is built by 0012, which keeps no writer waiting. Before that it was built here:
-- was: 69400cd53afbedec76964487ee66acf276be732f02276e32e907bcac9e3b6fe8 (with 0012)

alter table slugline.newsroom
  -- of when the backup was that this store was restored from: what happened since is not known here
  add column backup_at timestamptz,
  add column restored_at timestamptz,
  -- null after a restore: nothing is sent until a person ends the hold
  add column hold_ended_at timestamptz,
  add column hold_ended_by text;

-- What is new at its next sight was perhaps posted since the backup: a person is asked.
alter table slugline.source add column restored boolean not null default false;

-- It may have been sent after this moment, by a Slugline whose store is lost: it is looked for before it is sent.
alter table slugline.post add column sought_since timestamptz;

alter table slugline.delivery
  -- looked for after a restore: `it` was known to the backup; `any`: whatever was sent of its post, under a key nobody knows
  add column sought text check (sought in ('it', 'any')),
  -- where its last try went, whatever the account is now; null: not tried yet, or by an older version
  add column rehearsal boolean;

alter table slugline.account
  -- in rehearsal at a press, over and above what is declared
  add column rehearsal_at timestamptz,
  add column rehearsal_by text,
  -- when it last went into rehearsal or out of it: what was approved before was approved for the other place
  add column switched_at timestamptz,
  -- whether the rehearsal driver stands in for its network, for whatever reason
  add column rehearsing boolean not null
    generated always as (rehearsal or rehearsal_why is not null or rehearsal_at is not null) stored;

create function slugline.account_switches() returns trigger language plpgsql as $$
begin
  if (new.rehearsal or new.rehearsal_why is not null or new.rehearsal_at is not null) <> old.rehearsing then
    new.switched_at := slugline.now();
  end if;
  return new;
end $$;
create trigger account_switches before update on slugline.account for each row execute function slugline.account_switches();
