-- Annotations that were brought in bulk: heads that point to the fact they came with.
select 1;
