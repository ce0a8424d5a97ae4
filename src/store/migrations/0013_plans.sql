-- The store's clock is asked some forty times for a delivery. A function that reads a table is called, and its query planned,
-- each time; one that reads none becomes part of the statement. So its shift, which tests set, is written into it.

create or replace function slugline.now() returns timestamptz language sql stable as $$ select statement_timestamp() $$;

create function slugline.clock_moves() returns trigger language plpgsql as $$
begin
  execute format('create or replace function slugline.now() returns timestamptz language sql stable as %L',
    case when new.shift = '0' then 'select statement_timestamp()'
      else format('select statement_timestamp() + %L::interval', new.shift) end);
  return null;
end $$;
create trigger clock_moves after insert or update on slugline.clock for each row execute function slugline.clock_moves();
update slugline.clock set shift = shift where shift <> '0';

-- A table of one row that was never counted is taken for hundreds of rows, and what is asked once for each of them is planned so.
analyze slugline.newsroom, slugline.clock, slugline.change_order;
