-- message/trigger/dated: the anniversaries of "beginning" (customer_id, began_at: the instant from which years are counted)
-- that fall on one of the days looked at.
--   :key_months, :key_days, :key_dates, :key_years those days as they come round: month and day as they began, the day
--   itself, its year;
--   :kind first_order, last_order, created_at or the attribute; :years_at_least; :milestones only these years, or null;
--   :offset_days from the occasion to the day it is due (negative: ahead); :life from then on, or null

-- years are counted on the customer's own calendar; on it, too, from when a message is due and when its life ends
dated as (
    select h.*, k.occurs_on, k.occasion_year, t.began_on, t.years, t.due_on,
           case when :offset_days::integer > 0 then t.due_on + coalesce(:life::interval, interval '1 day')
                else least(t.due_on + :life::interval, (k.occurs_on + 1)::timestamp)
           end at time zone h.zone as not_after
    from beginning b
    join home h on h.customer_id = b.customer_id
    cross join lateral (select coalesce(b.began_on, (b.began_at at time zone h.zone)::date) as began_on) d
    join unnest(:key_months::smallint[], :key_days::smallint[], :key_dates::date[], :key_years::integer[])
           as k (month, day, occurs_on, occasion_year)
      on k.month = extract(month from d.began_on) and k.day = extract(day from d.began_on)
    cross join lateral (
        select d.began_on, k.occasion_year - extract(year from d.began_on)::integer as years,
               (k.occurs_on + :offset_days::integer)::timestamp as due_on
    ) t
),
-- due before the business day ends, not over yet, and a year the file speaks of; named by its year, so that a date that
-- is corrected does not make a second one
due as (
    select d.*, :kind::text || ':' || d.occasion_year as occasion, :kind::text as kind,
           jsonb_build_object('years', d.years, 'since', d.began_on) as detail
    from dated d
    where d.due_on at time zone d.zone < (:business_date::date + 1)::timestamp at time zone :zone::text
      and d.not_after > :as_of::timestamptz
      and d.years >= :years_at_least::integer
      and (:milestones::integer[] is null or d.years = any (:milestones::integer[]))
)
