-- A second answer looks its task up by what it comes from: found by that alone, and not by its kind first.
alter table tend.task drop constraint task_kind_origin_key;
alter table tend.task add constraint task_origin unique (origin, kind);
