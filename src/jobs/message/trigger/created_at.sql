-- message/trigger/created_at: when customers became known, as far as it comes round now.
--   :from_instants, :until_instants the stretches of earlier years in which that can have been
-- Index: crm.customer (created_at).
beginning as (
    select c.customer_id, c.created_at as began_at, null::date as began_on
    from unnest(:from_instants::timestamptz[], :until_instants::timestamptz[]) as r (since, until)
    cross join lateral (
        select c.customer_id, c.created_at from crm.customer c
        where c.created_at >= r.since and c.created_at < r.until
        offset 0 -- stretch by stretch, each by the index
    ) c
),
