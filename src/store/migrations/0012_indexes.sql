-- The indexes of 0007, 0008 and 0010 on tables that may be large, built while others write.
-- concurrently

create index concurrently delivery_begun on slugline.delivery (account_id, begun_at) where begun_at is not null;
create index concurrently post_sought on slugline.post (id) where sought_since is not null;
create unique index concurrently post_occasion on slugline.post
  (article_id, account_id, occasion, round, part, coalesce(removed_at, '-infinity'));
create index concurrently post_answers on slugline.post (reply_to_id) where reply_to_id is not null;
create index concurrently post_to_reshare on slugline.post (id) where reshare_after_s is not null;
-- Kept until the new key holds, so that no moment is without one.
alter table slugline.post drop constraint if exists post_article_id_account_id_occasion_part_key;
