-- What is remembered of a command beside its answer: the correlation id that it shares with others, so that the facts of
-- one piece of work can be found again (position and n say where they stand). The argument comes last and may be left out,
-- so that a program of the version before goes on writing.
alter table es.command add column if not exists correlation_id uuid;
create index if not exists command_correlation on es.command (correlation_id) where correlation_id is not null;

drop function if exists es.note(uuid, bytea, jsonb, bigint, int);
create or replace function es.note(cmd uuid, request bytea, result jsonb, first bigint, n int, correlation uuid default null)
returns void language plpgsql as $$
begin
  insert into es.command (command_id, request, result, position, n, correlation_id)
    values (cmd, request, result, first, n, correlation) on conflict do nothing;
  if not found then perform es.refuse_repeat(cmd); end if;
end $$;

drop function if exists es.append_one(uuid, bytea, jsonb, uuid, uuid, bigint, text, smallint, bytea);
create or replace function es.append_one(cmd uuid, request bytea, result jsonb, scope uuid, stream uuid, v bigint, name text,
                                         schema_v smallint, payload bytea, correlation uuid default null)
returns bigint language plpgsql as $$
declare place uuid := es.move_head(cmd, stream, v - 1, v, scope); p bigint;
begin
  perform pg_advisory_xact_lock(4242);         -- from here until commit nobody else gets a position
  p := nextval('es.position_seq');
  insert into es.command (command_id, request, result, position, n, correlation_id)
    values (cmd, request, result, p, 1, correlation) on conflict do nothing;
  if not found then perform es.refuse_repeat(cmd); end if;
  insert into es.event values (p, stream, v, name, schema_v, place, cmd, payload);
  notify es;
  return p;
end $$;

drop function if exists es.reserve(uuid, bytea, jsonb, uuid[], uuid[], bigint[]);
create or replace function es.reserve(cmd uuid, request bytea, result jsonb, scopes uuid[], streams uuid[], versions bigint[],
                                      correlation uuid default null, out base bigint, out places uuid[]) language plpgsql as $$
declare n int := cardinality(streams); head record; answer uuid; o int;
begin
  places := streams;
  for head in
    select stream_id, min(before) as before, max(before) - min(before) as holes, max(version) as version,
           array_agg(i) as at, (array_agg(scope order by i))[1] as scope
    from (select stream_id, version, i, scope, version - row_number() over (partition by stream_id order by i) as before
          from unnest(streams, versions, scopes) with ordinality as e(stream_id, version, scope, i)) as numbered
    group by stream_id order by stream_id
  loop
    if head.holes <> 0 then raise exception 'versions have holes' using errcode = 'ES409', detail = head.stream_id; end if;
    answer := es.move_head(cmd, head.stream_id, head.before, head.version, head.scope);
    foreach o in array head.at loop places[o] := answer; end loop;
  end loop;
  perform pg_advisory_xact_lock(4242);
  base := nextval('es.position_seq') - 1;
  if n > 1 then perform setval('es.position_seq', base + n); end if;
  perform es.note(cmd, request, result, base + 1, n, correlation);
  notify es;
end $$;

drop function if exists es.append(uuid, bytea, jsonb, uuid[], uuid[], bigint[], text[], smallint[], bytea[]);
create or replace function es.append(cmd uuid, request bytea, result jsonb, scopes uuid[], streams uuid[], versions bigint[],
                                     types text[], schemas smallint[], datas bytea[], correlation uuid default null)
returns bigint language plpgsql as $$
declare r record := es.reserve(cmd, request, result, scopes, streams, versions, correlation); base bigint := r.base;
begin
  insert into es.event select base + i, stream_id, version, type, schema_v, scope_id, cmd, data
    from unnest(streams, versions, types, schemas, r.places, datas) with ordinality as e(stream_id, version, type, schema_v, scope_id, data, i);
  return base + 1;
end $$;
