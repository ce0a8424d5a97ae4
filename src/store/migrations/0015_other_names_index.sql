-- Built while others write. Each entry goes to its place at once: what waits to be put there would be read with every story told.
-- concurrently

create index concurrently article_also on slugline.article using gin (also) with (fastupdate = off) where also <> '{}';
