-- message/trigger/holiday: everybody, on the holidays of the file that are near; on other days nobody, without a look at
-- any table.
--   :names, :dates, :years, :due_dates, :over_times, :titles the holidays near: name, day, its year, the day from which it may
--   be sent, the local time at which that ends, the title in each language
-- Index: none; a holiday concerns every customer.
due as (
    select h.*, 'holiday:' || d.name || ':' || d.year as occasion, 'holiday' as kind, d.occurs_on,
           d.due_date::timestamp as due_on, d.over_time at time zone h.zone as not_after,
           jsonb_build_object('holiday', d.name, 'titles', d.titles) as detail
    from unnest(:names::text[], :dates::date[], :years::integer[], :due_dates::date[], :over_times::timestamp[], :titles::jsonb[])
           as d (name, occurs_on, year, due_date, over_time, titles)
    cross join home h
    where d.due_date::timestamp at time zone h.zone < (:business_date::date + 1)::timestamp at time zone :zone::text
      and d.over_time at time zone h.zone > :as_of::timestamptz
)
