-- What a story says beside itself, and what stands under a post.

alter table slugline.article
  -- pictures to be hidden until asked for, and the warning before the text
  add column sensitive boolean not null default false,
  add column spoiler text,
  -- what the page says of itself to one network (twitter:description), by network
  add column described jsonb not null default '{}';

alter table slugline.post_revision
  -- the story's card, where the client makes it
  add column card jsonb,
  -- the words without their link, where a network forbids them twice to one owner
  add column words_hash text;
create index post_revision_words on slugline.post_revision (words_hash) where words_hash is not null;
