-- What is remembered of a command beside its answer.
select 1;
