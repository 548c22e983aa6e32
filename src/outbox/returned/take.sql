-- outbox/returned: what came back about a message, written down once; suppresses the address where that follows.
--   $1 our id of the message, or null and $2 the provider's; $3 the channel that says so, null: a mail that came back;
--   $4 the addresses it is said about; $5 source, $6 what, $7 code, $8 words, $9 when, $10 now; $11 whether addresses are
--   suppressed, $12 after how many failures, of those since $13; $14 mails taken until then would have come back by now
-- Indexes: tend.outbox_public_id_key, tend.outbox_reference, the keys of occasion and customer, tend.receipt_failed,
-- tend.outbox_customer.
with named as (
    select message_id, job, customer_id, occasion, step, channel, provider from tend.outbox where public_id = $1::uuid
    union all
    select message_id, job, customer_id, occasion, step, channel, provider from tend.outbox
    where $1::uuid is null and provider_ref = $2::text and provider = $3::text
),
-- a channel speaks of its own messages only; an id that stands for several says nothing about any
found as (
    select n.message_id, n.customer_id, n.channel,
           coalesce((select x.address_key from tend.occasion x
                     where x.job = n.job and x.customer_id = n.customer_id and x.occasion = n.occasion and x.step = n.step),
                    tend.address_key(n.channel, nullif(btrim(case n.channel when 'email' then c.email else c.phone end), ''))) as address_key
    from named n
    left join crm.customer c on c.customer_id = n.customer_id
    where case when $3::text is null then n.channel = 'email' else n.provider = $3 end
      and (select count(*) from named) = 1
),
-- said about the address it went to; who does not say which address is believed
fitting as (
    select f.*, cardinality($4::text[]) = 0
                or coalesce(f.address_key in (select tend.address_key(f.channel, a.address) from unnest($4) a (address)), false) as fits
    from found f
),
written as (
    insert into tend.receipt (message_id, source, provider, said, code, detail, address_key, at, received_at)
    select f.message_id, $5, $3, $6, $7, $8, f.address_key, $9, $10
    from fitting f
    -- nobody needs more than that, whoever can make codes up
    where f.fits and (select count(*) from tend.receipt r where r.message_id = f.message_id) < 20
    on conflict do nothing
    returning message_id, said
),
-- other messages to the address that failed, with none that arrived since
failures as (
    select count(distinct r.message_id) + 1 as messages
    from fitting f
    join tend.receipt r on r.address_key = f.address_key and r.said = 'failed' and r.at >= $13 and r.message_id <> f.message_id
    where $6 = 'failed' and f.channel = 'email'
      and not exists (select from tend.receipt d
                      join tend.outbox m on m.message_id = d.message_id
                      where m.customer_id = f.customer_id and d.address_key = f.address_key and d.said = 'delivered' and d.at >= r.at)
      -- mail servers say when a mail did not arrive, seldom that it did
      and not exists (select from tend.outbox m
                      where m.customer_id = f.customer_id and m.channel = 'email' and m.message_id <> f.message_id
                        and m.state in ('accepted', 'delivered') and m.state_at > r.at and m.state_at <= $14
                        and not exists (select from tend.occasion x
                                        where x.job = m.job and x.customer_id = m.customer_id and x.occasion = m.occasion
                                          and x.step = m.step and x.address_key <> f.address_key))
),
suppressed as (
    insert into tend.suppression (channel, address_key, reason, customer_id, recorded_at)
    select f.channel, f.address_key, case w.said when 'complained' then 'complained' else 'bounced' end, f.customer_id, $10
    from written w
    join fitting f on f.message_id = w.message_id
    where $11 and f.address_key is not null
      and (w.said in ('bounced', 'complained')
           or w.said = 'failed' and f.channel = 'email' and (select messages from failures) >= $12::bigint)
    on conflict (channel, address_key) do update
        set reason = excluded.reason, customer_id = excluded.customer_id, recorded_at = excluded.recorded_at, lifted_at = null
        where tend.suppression.lifted_at is not null or tend.suppression.reason = 'bounced' and excluded.reason = 'complained'
)
select f.message_id as "message_id!", f.fits as "fits!", exists (select from written) as "written!" from fitting f
