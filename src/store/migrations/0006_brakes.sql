-- What keeps requests back that the networks' own answers taught: a limit they told of, and a breaker for what fails again
-- and again. One row per scope: `account:<id>`, `app:<network>:<hash of its key>`, `host:<host>`.

create table slugline.brake (
  scope text primary key,
  -- limits: no post, no look before
  posts_until timestamptz,
  reads_until timestamptz,
  limit_why text,
  -- failures in a row; enough of them open the breaker
  failures integer not null default 0,
  opened_at timestamptz,
  -- nothing before: the wait of an open breaker, the lease of its probe, the gap while it gathers pace again
  until timestamptz,
  -- how many probes failed since it opened, and which delivery is the probe now
  trips integer not null default 0,
  probe uuid,
  -- when it last closed: from then on it gathers pace
  closed_at timestamptz,
  failure_why text,
  updated_at timestamptz not null default slugline.now()
);

-- What its requests fall under beside its own scope, as its driver last said: for pages and questions, not for decisions.
alter table slugline.account add column scopes text[];

-- Since when a due delivery waits for a brake or a lock-out, and for which scope.
alter table slugline.delivery add column held_at timestamptz, add column held_by text;
