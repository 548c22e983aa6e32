-- message/trigger/anniversary: plans the messages for an anniversary, birthdays for now. One statement: this head, then
-- outbox/policy/policy.sql, then message/queue.sql; the slots are filled by filter/.
--   :zone of the file; :key_calendars, :key_months, :key_days, :key_leaps, :key_dates, :key_years the days ahead as stored
--   birthdays: calendar, month, day, leap month or null, the day itself, its year;
--   :offset_days from the occasion to the day it is due (negative: ahead); :life from then on, or null
-- Index: crm.customer (birthday_calendar, birthday_month, birthday_day).
with
-- zones this server knows; a customer in any other one lives in the zone of the file
known_zone as materialized (
    select name from pg_timezone_names
),
-- the stored birthdays that fall on one of the days looked at
due_key as (
    select k.*
    from unnest(:key_calendars::text[], :key_months::smallint[], :key_days::smallint[], :key_leaps::boolean[],
                :key_dates::date[], :key_years::integer[]) as k (calendar, month, day, leap_month, occurs_on, occasion_year)
),
-- everyone who has one, with what the file says about the customer
holder as materialized (
    select c.customer_id, k.occurs_on, k.occasion_year,
           'birthday:' || k.occasion_year as occasion, 'birthday' as kind,
           coalesce(z.name, :zone::text) as zone,
           c.status, c.email, c.phone, c.locale, c.preferred_channel,
           /*{refusal}*/ null::text as refusal,
           /*{offer}*/ null::text as offer
    from due_key k
    join crm.customer c
      on c.birthday_calendar = k.calendar and c.birthday_month = k.month and c.birthday_day = k.day
     and c.birthday_leap_month = coalesce(k.leap_month, c.birthday_leap_month)
    left join known_zone z on z.name = c.timezone
    /*{facts}*/
),
-- on the customer's own calendar: from when it is due and when its life ends, never after the day itself has ended
dated as (
    select h.*,
           (h.occurs_on + :offset_days::integer)::timestamp as due_on,
           case when :offset_days::integer > 0 then (h.occurs_on + :offset_days::integer)::timestamp + coalesce(:life::interval, interval '1 day')
                else least((h.occurs_on + :offset_days::integer)::timestamp + :life::interval, (h.occurs_on + 1)::timestamp)
           end as over_on
    from holder h
),
-- due before the business day ends, and not over yet
candidate as materialized (
    select d.*, d.over_on at time zone d.zone as not_after
    from dated d
    where d.due_on at time zone d.zone < (:business_date::date + 1)::timestamp at time zone :zone::text
      and d.over_on at time zone d.zone > :as_of::timestamptz
),
