-- message/trigger/attribute: the day an attribute of the customer holds. Attributes have no index: this reads every
-- customer, once, and looks at nothing else of those whose attribute is no day.
--   :path of the attribute
beginning as (
    select c.customer_id, null::timestamptz as began_at, tend.day(c.attributes #>> :path::text[]) as began_on
    from crm.customer c
    where tend.day(c.attributes #>> :path::text[]) is not null
),
