-- message/trigger/step: who is due for a further message of an occasion.
--   :after days from the day of the first message; :until days at which the step behind is due, or null; :life from then on
-- Index: tend.occasion_claimed.

-- who had the first message so long ago, with the day on which this one is due
had as (
    select h.*, o.occasion, o.occurs_on, o.detail, t.due_on, (t.due_on + :life::interval) at time zone h.zone as not_after
    from tend.occasion o
    join home h on h.customer_id = o.customer_id
    cross join lateral (
        select date_trunc('day', o.claimed_at at time zone h.zone) + :after::integer * interval '1 day' as due_on
    ) t
    where o.job = :job::text and o.step = '' and o.detail is not null
      and o.claimed_at <= :as_of::timestamptz
      and o.claimed_at > :as_of::timestamptz - :life::interval - (:after::integer + 3) * interval '1 day'
),
-- due, and not over. It never overtakes: a message of the occasion that still waits, or that may still go by another channel,
-- goes first. It does not trail: whom the step behind has reached by now gets that one. And it is for those who had the
-- first: where that one definitely came to nothing there is nothing to add to
due as (
    select d.*, d.detail ->> 'kind' as kind
    from had d
    where d.due_on at time zone d.zone < (:business_date::date + 1)::timestamp at time zone :zone::text
      and d.not_after > :as_of::timestamptz
      and coalesce(d.due_on + (:until::integer - :after::integer) * interval '1 day'
                   >= (:business_date::date + 1)::timestamp, true)
      and not exists (
          select from tend.outbox m
          where m.customer_id = d.customer_id and m.job = :job::text and m.occasion = d.occasion and m.step <> :step::text
            and (m.state in ('planned', 'claimed', 'handed_off', 'held')
                 or m.state in ('rejected', 'bounced') and m.fallback is not null
                 or m.step = '' and m.state in ('rejected', 'bounced', 'expired', 'suppressed', 'cancelled', 'dead')
                    and not exists (select from tend.attempt a where a.message_id = m.message_id and a.outcome = 'in_doubt')))
)
