-- message/trigger/anniversary_missing: of those who have the occasion, for how many a value was missing in each
-- condition, so that it was false. Parameters as in anniversary.sql.
select /*{missing}*/ '{}'::jsonb as missing
from unnest(:key_calendars::text[], :key_months::smallint[], :key_days::smallint[], :key_leaps::boolean[], :key_dates::date[],
            :key_years::integer[]) as k (calendar, month, day, leap_month, occurs_on, occasion_year)
join crm.customer c
  on c.birthday_calendar = k.calendar and c.birthday_month = k.month and c.birthday_day = k.day
 and c.birthday_leap_month = coalesce(k.leap_month, c.birthday_leap_month)
/*{facts}*/
