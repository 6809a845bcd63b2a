-- Part of a log as people make it, of any size, in minutes: every fact is a function of its place o (0, 1, 2, ...) in the part.
-- Eight images are worked on at a time, 2,000 facts each: a thousand annotations are drawn, a thousand more are imported in
-- one chunk, 600 of the first are accepted, then 399 of those reshaped. Ten teams work at the same time, an image of each by
-- turns, ten of them in a set. Besides, every `step`-th fact happens to one annotation on an image of its own: the long one, which
-- lives from the beginning of the part to its end. Images and annotations are numbered from `base` on; the long ones have
-- the numbers `base` and 1000 * `base`.
create schema soak;
create table soak.chunk (items text not null);        -- what an import brings, as JSON holds it; always the same

create function soak.id(kind text, n bigint) returns uuid language sql stable as $$
  select ('018f0000-0000-7000-' || kind || '-' || lpad(to_hex(n), 12, '0'))::uuid $$;
create function soak.team(image bigint) returns uuid language sql stable as $$ select soak.id('9001', image % 10) $$;
create function soak.image(n bigint) returns uuid language sql stable as $$ select soak.id('9002', n) $$;
create function soak.annotation(n bigint) returns uuid language sql stable as $$ select soak.id('9003', n) $$;
create function soak.kind(n bigint) returns uuid language sql stable as $$ select soak.id('9004', n % 3) $$;
create function soak.person(n bigint) returns uuid language sql stable as $$ select soak.id('9005', n % 5) $$;
create function soak.image_set(image bigint) returns uuid language sql stable as $$ select soak.id('9006', image / 100 * 10 + image % 10) $$;
create function soak.imported(image bigint) returns uuid language sql stable as $$ select soak.id('9007', image) $$;

-- What happens at the places from `first` to `last`. An import has the number of its image.
create function soak.happenings(base bigint, first bigint, last bigint, step bigint)
returns table (o bigint, image bigint, subject bigint, stream uuid, version bigint, type text) language sql stable as $$
  select o, image, subject, case when type = 'AnnotationsImported' then soak.imported(subject) else soak.annotation(subject) end,
         version, type
  from generate_series(first, last) as o,
       lateral (select o % step = 0 as long, o - o / step - 1 as n) as place,
       lateral (select base + n / 16000 * 8 + n % 8 + 1 as i, n % 16000 / 8 as j) as life,
       lateral (select case when long then base else i end as image,
                       case when long then base * 1000 when j = 1000 then i else i * 1000 + case
                         when j < 1000 then j when j <= 1600 then j - 1001 else j - 1601 end end as subject,
                       case when long then o / step + 1 when j <= 1000 then 1 when j <= 1600 then 2 else 3 end as version,
                       case when long and o > 0 then 'AnnotationReshaped' when long or j < 1000 then 'AnnotationDrawn'
                         when j = 1000 then 'AnnotationsImported' when j <= 1600 then 'AnnotationVerified'
                         else 'AnnotationReshaped' end as type) as fact $$;

create function soak.outline(o bigint) returns text language sql stable as $$
  select '"vector":{"vector_type":5,"points":[' || 100000 + o % 900000 || ',1000' || repeat(',234567,123456', 29) || ']}' $$;

create function soak.at(o bigint) returns timestamptz language sql stable as $$
  select timestamptz '2026-01-01T00:00:00Z' + o * interval '1 second' $$;

-- The chunk is handed in: a function that reads a table is not expanded into the query, and takes twenty times as long.
create function soak.payload(o bigint, image bigint, subject bigint, stream uuid, version bigint, type text, items text)
returns bytea language sql stable as $$
  select convert_to('{"originator_id":"' || stream || '","originator_version":' || version
    || ',"at":"' || to_char(soak.at(o) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || '","by":"' || soak.person(o) || '",' ||
    case type
      when 'AnnotationDrawn' then '"number":' || subject || ',"image_id":"' || soak.image(image) || '","unique_identifier":"'
        || md5(o::text)::uuid || '","annotation_type_id":"' || soak.kind(subject) || '",' || soak.outline(o)
      when 'AnnotationReshaped' then soak.outline(o)
      when 'AnnotationVerified' then '"number":' || o || ',"verdict":"accepted","of_version":1'
      else '"import_id":"' || soak.id('9008', subject) || '","image_id":"' || soak.image(image) || '","count":1000,"items":"'
        || items || '"' end || '}', 'utf8') $$;

-- Facts, heads, commands and what the read models know of these places; the first fact is at position `before` + 1 + first.
create procedure soak.fill(before bigint, base bigint, first bigint, last bigint, step bigint) language plpgsql as $$
begin
  create temp table happened on commit drop as select * from soak.happenings(base, first, last, step);
  insert into es.event
    select before + 1 + o, stream, version, type, 1, soak.image(image), md5((before + o)::text)::uuid,
           soak.payload(o, image, subject, stream, version, type, items) from happened, soak.chunk order by o;
  insert into es.stream (stream_id, version, scope_id, since)
    select stream, max(version), soak.image(min(image)), before + min(o) from happened group by stream order by min(o)
    on conflict (stream_id) do update set version = greatest(es.stream.version, excluded.version);
  insert into es.bulk (number, stream_id, version, since)
    select image, stream, 1, before + o from happened where type = 'AnnotationsImported';
  insert into es.stream (stream_id, version, scope_id, since, bulk)
    select soak.annotation(500000000000 + image * 1000 + n), 1, soak.image(image), before + o, image
    from happened, generate_series(0, 999) as n where type = 'AnnotationsImported';
  insert into es.command (command_id, request, result, position, n)
    select md5((before + o)::text)::uuid, decode(md5(o::text) || md5(o::text), 'hex'),
           jsonb_build_object('id', stream, 'number', subject, 'version', version), before + 1 + o, 1 from happened order by 1;
  insert into activity (id, scope_id, image_set_id, team_id, stream_id, version, name, by, at)
    select before + 1 + o, soak.image(image), soak.image_set(image), soak.team(image), stream, version, type,
           soak.person(o), soak.at(o) from happened order by o;
  insert into image_progress_items (id, image_id, annotation_type_id, removed, content_version, verdicts)
    select soak.annotation(subject), soak.image(image), soak.kind(subject), false, 1, '{}' from happened
    where type = 'AnnotationDrawn';
end $$;
