
-- message/trigger/anybody: whether anybody has the occasion. Asked first where mostly nobody has it: the server takes longer
-- to plan the statement of a run than to find out that it has nothing to do.
select exists (select from due) as anybody
