-- The log: facts in one order, heads for compare-and-set, commands for idempotency.
-- Position order is commit order (one advisory lock from position to commit), so a reader that remembers
-- the last position it saw can never skip a fact.
create schema es;
create sequence es.position_seq cache 1;

create table es.event (
  position   bigint      primary key,
  stream_id  uuid        not null,
  version    bigint      not null,
  type       text        not null,              -- the stored name, no Python path
  schema_v   smallint    not null,
  scope_id   uuid        not null,              -- e.g. the image; constant for a stream
  command_id uuid        not null,
  data       bytea       not null
) partition by range (position);
create index event_scope_position on es.event (scope_id, position);

create table es.stream (                        -- one head for each stream
  stream_id uuid   primary key,
  version   bigint not null,
  scope_id  uuid   not null,
  since     bigint not null                     -- every fact of the stream has a greater position
) with (fillfactor = 85);

create table es.command (                       -- what was asked, once; the answer to whoever asks again
  command_id uuid        primary key,
  request    bytea       not null,              -- SHA-256 of the wish
  result     jsonb       not null,
  position   bigint      not null,              -- of the first fact; the head where the wish changed nothing
  n          int         not null,
  at         timestamptz not null default now()
);

create table es.snapshot (
  stream_id uuid, version bigint, type text not null, schema_v smallint not null, data bytea not null,
  primary key (stream_id, version)
);
create table es.tracking (projection text, upstream text, position bigint not null, primary key (projection, upstream));

create table es.projection (                    -- the projector's place; its row lock is the lease
  name text, version int,
  state text not null check (state in ('building', 'live', 'stopped', 'retired')),
  position bigint not null default 0, error text, updated timestamptz not null default now(),
  primary key (name, version)
);

create function es.refuse() returns trigger language plpgsql as $$
begin raise exception 'facts are never changed' using errcode = 'ES403'; end $$;

-- Triggers on partitions and the unique index are made for each: PostgreSQL allows neither on the parent.
create function es.add_partition(n int) returns void language plpgsql as $$
declare t text := format('event_p%s', n); size bigint := 10000000; begin
  if to_regclass('es.' || t) is not null then return; end if;
  execute format('create table es.%I partition of es.event for values from (%s) to (%s)', t, n * size + 1, (n + 1) * size + 1);
  execute format('create unique index on es.%I (stream_id, version)', t);
  execute format('create trigger refuse_change before update or delete or truncate on es.%I for each statement execute function es.refuse()', t);
end $$;
create trigger refuse_change before update or delete or truncate on es.event for each statement execute function es.refuse();

-- Two partitions ahead of the newest position; the projector asks for it now and then.
create function es.ensure_partitions() returns void language sql as $$
  select es.add_partition(n::int) from generate_series(0, (select last_value / 10000000 + 1 from es.position_seq)) n $$;
select es.ensure_partitions();

create function es.refuse_repeat(cmd uuid) returns void language plpgsql as $$
declare done es.command; begin
  select * into done from es.command where command_id = cmd;
  if found then raise exception 'command already done' using errcode = 'ES208', detail = format('%s %s', done.position, done.n); end if;
end $$;

-- Compare-and-set of one head. Answers the stream's scope, or refuses. A new stream starts with version 1 (or 0, as the library may).
create function es.move_head(cmd uuid, id uuid, before bigint, after bigint, scope uuid) returns uuid language plpgsql as $$
declare answer uuid; begin
  if before > 0 then
    update es.stream set version = after where stream_id = id and version = before returning scope_id into answer;
  else
    insert into es.stream values (id, after, coalesce(scope, id), (select last_value from es.position_seq) - 1)
      on conflict do nothing returning scope_id into answer;
    if not found and before = 0 then
      update es.stream set version = after where stream_id = id and version = 0 returning scope_id into answer;
    end if;
  end if;
  if answer is null then
    perform es.refuse_repeat(cmd);             -- my twin may have committed while I waited for the head
    raise exception 'stale version' using errcode = 'ES409', detail = id;
  end if;
  return answer;
end $$;

-- Remembers a command under the order lock; a twin that got here first is answered with its place.
create function es.note(cmd uuid, request bytea, result jsonb, first bigint, n int) returns void language plpgsql as $$
begin
  insert into es.command (command_id, request, result, position, n) values (cmd, request, result, first, n) on conflict do nothing;
  if not found then perform es.refuse_repeat(cmd); end if;
end $$;

-- The common case, one fact: head, order lock, position, command, fact, wake-up. Must be the last statement of its transaction.
create function es.append_one(cmd uuid, request bytea, result jsonb, scope uuid, stream uuid, v bigint, name text, schema_v smallint, payload bytea)
returns bigint language plpgsql as $$
declare place uuid := es.move_head(cmd, stream, v - 1, v, scope); p bigint;
begin
  perform pg_advisory_xact_lock(4242);         -- from here until commit nobody else gets a position
  p := nextval('es.position_seq');
  insert into es.command (command_id, request, result, position, n) values (cmd, request, result, p, 1) on conflict do nothing;
  if not found then perform es.refuse_repeat(cmd); end if;
  insert into es.event values (p, stream, v, name, schema_v, place, cmd, payload);
  notify es;
  return p;
end $$;

-- Heads in id order (two batches can never deadlock), then the order lock, then positions: answers the position before the
-- first, and the scope of each fact. Refusals: ES208 the command is already done, ES409 a stale version.
create function es.reserve(cmd uuid, request bytea, result jsonb, scopes uuid[], streams uuid[], versions bigint[],
                           out base bigint, out places uuid[]) language plpgsql as $$
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
  perform es.note(cmd, request, result, base + 1, n);
  notify es;
end $$;

create function es.append(cmd uuid, request bytea, result jsonb, scopes uuid[], streams uuid[], versions bigint[], types text[],
                          schemas smallint[], datas bytea[]) returns bigint language plpgsql as $$
declare r record := es.reserve(cmd, request, result, scopes, streams, versions); base bigint := r.base;
begin
  insert into es.event select base + i, stream_id, version, type, schema_v, scope_id, cmd, data
    from unnest(streams, versions, types, schemas, r.places, datas) with ordinality as e(stream_id, version, type, schema_v, scope_id, data, i);
  return base + 1;
end $$;

-- Public integer ids, one sequence for each noun; the ancestor's client needs small numbers.
create sequence es.number_team; create sequence es.number_member; create sequence es.number_image_set;
create sequence es.number_image; create sequence es.number_product; create sequence es.number_annotation_type;
create sequence es.number_annotation; create sequence es.number_verification; create sequence es.number_dataset_version;

-- What can be derived from the events alone: after a copy of es.event into an empty database, or for a check.
create function es.derive_heads() returns void language plpgsql as $$
declare noun record; begin
  delete from es.stream;
  insert into es.stream select stream_id, max(version), (array_agg(scope_id order by version))[1], min(position) - 1
    from es.event group by stream_id;
  perform setval('es.position_seq', greatest((select coalesce(max(position), 0) from es.event), 1),
                 exists (select from es.event));
  for noun in select * from (values
      ('team', 'TeamFounded', '{number}'), ('member', 'TeamFounded', '{owner_number}'), ('member', 'MemberAdded', '{number}'),
      ('image_set', 'ImageSetCreated', '{number}'), ('image', 'ImageRegistered', '{number}'),
      ('product', 'ProductCreated', '{number}'), ('annotation_type', 'AnnotationTypeCreated', '{number}'),
      ('annotation', 'AnnotationDrawn', '{number}'), ('verification', 'AnnotationVerified', '{number}'),
      ('dataset_version', 'DatasetVersionFrozen', '{number}')) as nouns (name, fact, place)
  loop
    execute format($f$ select setval('es.number_%s', n) from (select greatest(
        (select last_value from es.number_%s where is_called),
        max((convert_from(data, 'utf8')::jsonb #>> %L)::bigint)) as n from es.event where type = %L) as numbers where n > 0 $f$,
      noun.name, noun.name, noun.place, noun.fact);
  end loop;
end $$;
