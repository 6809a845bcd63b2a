-- Seals over the log: tree, signed heads.
select 1;
