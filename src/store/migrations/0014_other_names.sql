-- A story is known by more than one name: by the addresses it had before it moved (canonical), and as other sources than its
-- own name it (`<source id> <guid>`).

alter table slugline.article add column also text[] not null default '{}';
