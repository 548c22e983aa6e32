-- message/trigger/event: to whom something happened, or several times.
--   :event view, interaction, order, ticket_solved or ticket_opened; :kinds, :products which of them count, or null;
--   :count so many, :within so long before the last of them; :by_product counted for each product by itself;
--   :without order or interaction: what was followed by one does not count, or null; :life from the last of them on
-- Indexes: crm.product_view (at), crm.interaction (at), crm.orders (placed_at), crm.ticket (solved_at), (opened_at), the keys.

-- what happened lately, as far as it counts
happened as (
    select v.*, case when :by_product::boolean then coalesce(v.product_id, '') else '' end as spree
    from (
        select v.customer_id, v.view_id as event_id, v.at, v.product_id, null::text as kind
        from crm.product_view v
        where :event::text = 'view' and v.at < :as_of::timestamptz and v.at >= :as_of::timestamptz - :within::interval - :life::interval
        union all
        select i.customer_id, i.interaction_id, i.at, null, i.kind
        from crm.interaction i
        where :event::text = 'interaction' and i.at < :as_of::timestamptz and i.at >= :as_of::timestamptz - :within::interval - :life::interval
        union all
        select o.customer_id, o.order_id, o.placed_at, o.product_id, null
        from crm.orders o
        where :event::text = 'order' and o.status = 'paid'
          and o.placed_at < :as_of::timestamptz and o.placed_at >= :as_of::timestamptz - :within::interval - :life::interval
        union all
        select t.customer_id, t.ticket_id, t.solved_at, null, t.kind
        from crm.ticket t
        where :event::text = 'ticket_solved'
          and t.solved_at < :as_of::timestamptz and t.solved_at >= :as_of::timestamptz - :within::interval - :life::interval
        union all
        select t.customer_id, t.ticket_id, t.opened_at, null, t.kind
        from crm.ticket t
        where :event::text = 'ticket_opened'
          and t.opened_at < :as_of::timestamptz and t.opened_at >= :as_of::timestamptz - :within::interval - :life::interval
    ) v
    where (:kinds::text[] is null or v.kind = any (:kinds::text[]))
      and (:products::text[] is null or v.product_id = any (:products::text[]))
),
-- to whom it happened often enough, whatever came of it: most people are done with here, in one pass
often as materialized (
    select h.customer_id, h.spree
    from happened h
    group by h.customer_id, h.spree
    having count(*) >= :count::bigint and max(h.at) > :as_of::timestamptz - :life::interval
),
-- theirs that were not followed by what the file excludes, each with how many there were by then, and since when
counted as (
    select e.customer_id, e.event_id, e.at, e.product_id,
           count(*) over spree as times, min(e.at) over spree as first_at
    from often w
    join happened e on e.customer_id = w.customer_id and e.spree = w.spree
    left join lateral (
        (select true as found from crm.orders o
         where :without::text = 'order' and o.customer_id = e.customer_id and o.status = 'paid'
           and o.placed_at >= e.at and o.placed_at < :as_of::timestamptz
           -- an order without a product may have been this one
           and (not :by_product::boolean or coalesce(o.product_id, e.product_id) = e.product_id) limit 1)
        union all
        (select true from crm.interaction i
         where :without::text = 'interaction' and i.customer_id = e.customer_id and i.direction = 'in'
           and i.at >= e.at and i.at < :as_of::timestamptz limit 1)
        limit 1
    ) followed on true
    where followed.found is null
    window spree as (partition by e.customer_id, e.spree
                     order by e.at range between :within::interval preceding and current row)
),
-- the last one that makes it enough; with several products the one looked at most lately
enough as (
    select distinct on (n.customer_id) n.*
    from counted n
    where n.times >= :count::bigint and n.at > :as_of::timestamptz - :life::interval
    order by n.customer_id, n.at desc, n.event_id
),
-- named by the company's own key of that event, which stays when its time is corrected
due as (
    select h.*, :event::text || ':' || n.event_id as occasion, :event::text as kind, (n.at at time zone h.zone)::date as occurs_on,
           date_trunc('day', n.at at time zone h.zone) as due_on, n.at + :life::interval as not_after,
           jsonb_build_object('count', n.times, 'since', (n.first_at at time zone h.zone)::date, 'product', n.product_id) as detail
    from enough n
    join home h on h.customer_id = n.customer_id
)
