-- Generations of read models, facts that could not be folded, places of reactors.
-- One generation of a read model is live (or stopped); another may be building beside it; the one before is kept for return.
alter table es.projection rename column version to generation;
alter table es.projection add column kind text not null default 'projection'
  check (kind in ('projection', 'inline', 'reactor'));
create unique index projection_live on es.projection (name) where state in ('live', 'stopped');
create unique index projection_building on es.projection (name) where state = 'building';

-- The dead letters: a fact that could not be folded (with its error), and behind it every later fact of the same stream.
create table es.parked (
  projection text        not null,
  generation int         not null,
  position   bigint      not null,
  stream_id  uuid        not null,
  error      text        not null,
  again      boolean     not null default false,   -- somebody asked a reactor to try it once more
  at         timestamptz not null default now(),
  primary key (projection, generation, position),
  foreign key (projection, generation) references es.projection on delete cascade
);

-- Where a reader of the log stands, for people and for /health/: `waiting_s` is how long ago the oldest fact it has not
-- read was recorded; null where nothing waits or nobody knows (a log that was copied without its commands).
create view es.place as
  select p.name, p.generation, p.kind, p.state, p.position, p.error,
         (select count(*) from es.parked k where k.projection = p.name and k.generation = p.generation) as parked,
         (select extract(epoch from now() - c.at)::float8
            from (select e.command_id from es.event e where e.position > p.position order by e.position limit 1) as next
            join es.command c on c.command_id = next.command_id) as waiting_s
    from es.projection p;
