-- message/trigger/anniversary: who has a birthday.
--   :key_calendars, :key_months, :key_days, :key_leaps, :key_dates, :key_years the days ahead as stored birthdays:
--   calendar, month, day, leap month or null, the day itself, its year;
--   :offset_days from the occasion to the day it is due (negative: ahead); :life from then on, or null
-- Index: crm.customer (birthday_calendar, birthday_month, birthday_day).

-- the stored birthdays that fall on one of the days looked at
due_key as (
    select k.*
    from unnest(:key_calendars::text[], :key_months::smallint[], :key_days::smallint[], :key_leaps::boolean[],
                :key_dates::date[], :key_years::integer[]) as k (calendar, month, day, leap_month, occurs_on, occasion_year)
),
-- everyone who has one; on the customer's own calendar, from when it is due and when its life ends: never after the day
-- itself has ended
dated as (
    select h.*, k.occurs_on, k.occasion_year, t.due_on,
           case when :offset_days::integer > 0 then t.due_on + coalesce(:life::interval, interval '1 day')
                else least(t.due_on + :life::interval, (k.occurs_on + 1)::timestamp)
           end at time zone h.zone as not_after
    from due_key k
    join home h
      on h.birthday_calendar = k.calendar and h.birthday_month = k.month and h.birthday_day = k.day
     and h.birthday_leap_month = coalesce(k.leap_month, h.birthday_leap_month)
    cross join lateral (select (k.occurs_on + :offset_days::integer)::timestamp as due_on) t
),
-- due before the business day ends, and not over yet
due as (
    select d.*, 'birthday:' || d.occasion_year as occasion, 'birthday' as kind, '{}'::jsonb as detail
    from dated d
    where d.due_on at time zone d.zone < (:business_date::date + 1)::timestamp at time zone :zone::text
      and d.not_after > :as_of::timestamptz
)
