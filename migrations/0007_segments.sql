-- Segments: conditions with a name that job files share. A spec keeps the ones it uses, as they were.
alter table tend.spec add column segments jsonb not null default '{}';
comment on column tend.spec.segments is 'Segment that its conditions name, directly or through another → its file as it was.';
comment on column tend.spec.hash is 'SHA-256 over the job''s name, the text, the hashes of its templates, the levels of the ladders it names and the segments it uses, hex.';
