-- Annotations that were brought in bulk: each has its own head, which points to the chunk that holds its first fact.
create sequence es.bulk_seq cache 1;
create sequence es.number_import;
create table es.bulk (                          -- one row for each chunk: the fact is (stream_id, version) of es.event
  number bigint primary key, stream_id uuid not null, version bigint not null, since bigint not null,
  unique (stream_id, version)
);
-- The chunk's number while the annotation follows its import; the negative of it once it has a fact of its own.
alter table es.stream add column bulk bigint;

create or replace function es.move_head(cmd uuid, id uuid, before bigint, after bigint, scope uuid) returns uuid language plpgsql as $$
declare answer uuid; begin
  if before > 0 then
    update es.stream set version = after, bulk = -abs(bulk) where stream_id = id and version = before returning scope_id into answer;
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

-- What can be derived from the events alone: after a copy of es.event into an empty database, or for a check.
create or replace function es.derive_heads() returns void language plpgsql as $$
declare noun record; begin
  delete from es.bulk;
  delete from es.stream;
  insert into es.stream (stream_id, version, scope_id, since) select stream_id, max(version), (array_agg(scope_id order by version))[1], min(position) - 1
    from es.event group by stream_id;
  perform setval('es.position_seq', greatest((select coalesce(max(position), 0) from es.event), 1),
                 exists (select from es.event));
  for noun in select * from (values
      ('team', 'TeamFounded', '{number}'), ('member', 'TeamFounded', '{owner_number}'), ('member', 'MemberAdded', '{number}'),
      ('image_set', 'ImageSetCreated', '{number}'), ('image', 'ImageRegistered', '{number}'),
      ('product', 'ProductCreated', '{number}'), ('annotation_type', 'AnnotationTypeCreated', '{number}'),
      ('annotation', 'AnnotationDrawn', '{number}'), ('verification', 'AnnotationVerified', '{number}'),
      ('dataset_version', 'DatasetVersionFrozen', '{number}'), ('import', 'ImportStarted', '{number}')) as nouns (name, fact, place)
  loop
    execute format($f$ select setval('es.number_%s', n) from (select greatest(
        (select last_value from es.number_%s where is_called),
        max((convert_from(data, 'utf8')::jsonb #>> %L)::bigint)) as n from es.event where type = %L) as numbers where n > 0 $f$,
      noun.name, noun.name, noun.place, noun.fact);
  end loop;
end $$;
