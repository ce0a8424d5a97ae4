-- "Posted" is believed also when it comes late, from a worker that was thought dead, after the delivery was given back to be
-- sent again or had grown too old: else it would stand twice.

create or replace function slugline.delivery_moves() returns trigger language plpgsql as $$
begin
  if old.state <> new.state and (old.state, new.state) not in (
    ('due', 'sending'), ('due', 'cancelled'), ('due', 'stale'), ('due', 'posted'),
    ('sending', 'posted'), ('sending', 'due'), ('sending', 'refused'), ('sending', 'locked-out'), ('sending', 'unknown'),
    ('unknown', 'posted'), ('unknown', 'due'), ('unknown', 'asked'),
    ('stale', 'asked'), ('stale', 'posted'),
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
