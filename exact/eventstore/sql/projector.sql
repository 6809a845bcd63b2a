-- Generations of read models, parked streams.
select 1;
