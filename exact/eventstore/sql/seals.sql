-- Seals over the log: a Merkle tree (RFC 9162) over the facts as they are stored, and its signed heads.
-- docs/seals.md says what is promised; the bytes of a leaf are part of the promise and never change.

-- The leaf of a fact: SHA-256 over a zero and its columns, numbers big-endian, texts and data behind their length.
create function es.leaf(place bigint, stream_id uuid, version bigint, type text, schema_v smallint, scope_id uuid,
                        command_id uuid, data bytea) returns bytea language sql stable parallel safe as $$
  select sha256('\x00'::bytea || int8send(place) || uuid_send(stream_id) || int8send(version)
    || int4send(octet_length(convert_to(type, 'UTF8'))) || convert_to(type, 'UTF8') || int2send(schema_v)
    || uuid_send(scope_id) || uuid_send(command_id) || int4send(octet_length(data)) || data) $$;

create table es.seal (                          -- signed heads, at most one a second or 4,096 facts
  tree_size   bigint      primary key,          -- how many facts the tree holds
  number      bigint      not null unique,      -- 1, 2, 3: a hole is a seal that was removed
  to_position bigint      not null unique,      -- of its last fact
  root        bytea       not null,
  sealed_at   timestamptz not null,
  key_id      text        not null,             -- of the key that signed
  checkpoint  text        not null              -- the signed note: what counts; the columns only repeat it
);

create table es.seal_tile (                     -- full tiles of 256 hashes, never written again
  level     smallint not null,
  number    bigint   not null,
  hashes    bytea    not null,                  -- level 0: leaves; above: the roots of the tiles below
  positions bigint[],                           -- level 0: of the facts
  primary key (level, number),
  check (octet_length(hashes) = 8192 and cardinality(positions) is not distinct from case level when 0 then 256 end)
);
alter table es.seal_tile alter hashes set storage external;       -- hashes cannot be compressed
create index seal_tile_positions on es.seal_tile ((positions[1])) where level = 0;

create table es.seal_edge (                     -- the last, partial tile of each level; only ever grows
  level     smallint primary key,
  number    bigint   not null,
  hashes    bytea    not null,
  positions bigint[]
);

create table es.seal_published (                -- how far each place outside has the heads
  place   text        primary key,
  number  bigint      not null default 0,       -- of the newest seal that is there
  updated timestamptz not null default now()
);

create function es.refuse_seal_change() returns trigger language plpgsql as $$
begin raise exception 'seals are never changed' using errcode = 'ES403'; end $$;
create trigger refuse_change before update or delete or truncate on es.seal
  for each statement execute function es.refuse_seal_change();
create trigger refuse_change before update or delete or truncate on es.seal_tile
  for each statement execute function es.refuse_seal_change();
create trigger refuse_removal before delete or truncate on es.seal_edge
  for each statement execute function es.refuse_seal_change();

-- A partial tile gets more hashes, or has become a full one and begins anew.
create function es.refuse_seal_shrinking() returns trigger language plpgsql as $$
begin
  if new.level = old.level and (new.number > old.number or new.number = old.number
      and substr(new.hashes, 1, octet_length(old.hashes)) = old.hashes) then return new; end if;
  raise exception 'seals are never changed' using errcode = 'ES403';
end $$;
create trigger refuse_shrinking before update on es.seal_edge for each row execute function es.refuse_seal_shrinking();
