-- message/trigger/begin: what every message statement and its count of missing values begin with; the trigger's own head
-- follows. :zone of the file; the slots are filled by filter/.
with
/*{facts_of_all}*/
-- zones this server knows; a customer in any other one lives in the zone of the file. The server reads hundreds of files to
-- tell them, longer than a small company's messages take to plan: a connection remembers them (see `ready` in mod.rs)
known_zone as materialized (
    select name from unnest(string_to_array(nullif(current_setting('tend.zones', true), ''), ',')) as remembered (name)
    union all
    select name from pg_timezone_names where coalesce(current_setting('tend.zones', true), '') = ''
),
-- customers as conditions know them, with the zone they live in; heads take it in place of crm.customer
home as not materialized (
    select c.customer_id, c.name, c.email, c.phone, c.locale, c.timezone, c.country,
           c.birthday_year, c.birthday_month, c.birthday_day, c.birthday_calendar, c.birthday_leap_month,
           c.status, c.owner_id, c.preferred_channel, c.tags, c.attributes, c.created_at,
           coalesce(z.name, :zone::text) as zone
    from crm.customer c
    left join known_zone z on z.name = c.timezone
),
