-- letter/write: letters $1 of run $2 of job $3 with spec $4, written at $5. One a recipient, occasion and step: the ledger
-- decides, and a second time nothing is written. The language is that of the staff, where one is known.
with wanted as (
    select w.*, coalesce(nullif(s.locale, ''), w.locale) as reads, w.occasion || ' > ' || w.recipient || coalesce(' ' || w.address, '') as named
    from rows from (jsonb_to_recordset($1::jsonb) as (
        recipient text, address text, channel text, provider text, occasion text, occurs_on date, step text, template text, locale text,
        data jsonb, customers text[], parts jsonb, priority smallint, not_before timestamptz, not_after timestamptz, keep_until timestamptz,
        archived boolean, again_of bigint))
        with ordinality as w (recipient, address, channel, provider, occasion, occurs_on, step, template, locale, data, customers, parts,
                              priority, not_before, not_after, keep_until, archived, again_of, place)
    left join crm.staff s on w.recipient = 'staff:' || s.staff_id
),
claim as (
    insert into tend.occasion (job, customer_id, occasion, step, occurs_on, address_key, apart, run_id, claimed_at)
    select $3, '', w.named, w.step, w.occurs_on, encode(sha256(convert_to(w.recipient || coalesce(w.address, ''), 'UTF8')), 'hex'), w.occasion, $2, $5
    from wanted w
    on conflict do nothing
    returning occasion, step
),
message as (
    insert into tend.outbox (run_id, job, spec_hash, customer_id, recipient, occasion, step, purpose, consent, topic, channel, provider,
                             template, locale, data, priority, not_before, not_after, state, state_at, created_at, due_at)
    select $2, $3, $4, '', w.recipient, w.named, w.step, 'internal', 'not_needed', 'internal', w.channel, w.provider,
           w.template, w.reads, '{}', w.priority, w.not_before, w.not_after, 'planned', $5, $5, w.not_before
    from wanted w
    join claim c on c.occasion = w.named and c.step = w.step
    order by w.place -- numbered as they were written, whatever the plan
    returning message_id, occasion, step
),
letter as (
    insert into tend.letter (message_id, address, data, customers, keep_until, archived, again_of)
    select m.message_id, w.address, w.data, w.customers, w.keep_until, w.archived, w.again_of
    from message m
    join wanted w on w.named = m.occasion and w.step = m.step
    returning message_id
),
part as (
    insert into tend.letter_part (message_id, name, media_type, content_id, body, optional)
    select m.message_id, p.name, p.media_type, p.content_id, decode(p.body, 'base64'), p.optional
    from message m
    join wanted w on w.named = m.occasion and w.step = m.step
    cross join lateral jsonb_to_recordset(w.parts) as p (name text, media_type text, content_id text, body text, optional boolean)
    -- its letter is written by the same statement: the key is looked at when that ends
    where exists (select from letter l where l.message_id = m.message_id)
    returning 1
),
-- some of those whose time is over, so that the table stays as long as what it is for
swept as (
    delete from tend.letter
    where message_id in (select message_id from tend.letter where keep_until <= $5 order by keep_until limit 500 for update skip locked)
    returning 1
)
select (select count(*) from message) as "written!", (select count(*) from part) as "parts!", (select count(*) from swept) as "swept!"
