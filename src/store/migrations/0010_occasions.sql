-- Occasions: a story shared again, corrected, told in parts; what a post answers, and where that stands.
-- Its indexes are built by 0012, which keeps no writer waiting. Before that they were built here:
-- was: ae58fb97d5dd53078cf0b82c30cf264f9911493d055144a7513261fafba44b8e (with 0012)

alter table slugline.post
  -- of its occasion: the second reshare is round 2
  add column round integer not null default 1,
  -- the post it answers: the part before it, or the one it corrects
  add column reply_to_id uuid,
  -- taken out of its thread; its number is given again
  add column removed_at timestamptz,
  -- shared again by rule: so many seconds after it was posted, and how often from then on
  add column reshare_after_s integer,
  add column reshares_left integer;
-- They hold for every row from now on; older ones have the defaults, and need not be read for that.
alter table slugline.post
  add constraint post_round check (round >= 1) not valid,
  add constraint post_reply_to foreign key (reply_to_id) references slugline.post not valid,
  add constraint post_part_answers check (part = 1 or reply_to_id is not null or removed_at is not null) not valid;

-- What an answer needs beside the remote id: atproto's cid.
alter table slugline.delivery add column remote_ref text;
alter table slugline.timeline add column reply_to text;

-- A part goes out only as the answer to a part that stands, whoever asks for it.
create function slugline.delivery_follows() returns trigger language plpgsql as $$
begin
  if exists (
    select from slugline.post p where p.id = new.post_id and p.part > 1 and not exists (
      select from slugline.delivery d
       where d.post_id = p.reply_to_id and d.state = 'posted' and (d.remote_id is not null or d.remote_url is not null)))
  then
    raise exception 'a part goes out only when the part before it stands' using errcode = 'SL005';
  end if;
  return new;
end $$;
create trigger delivery_follows before update on slugline.delivery for each row
  when (old.state = 'due' and new.state = 'sending') execute function slugline.delivery_follows();
