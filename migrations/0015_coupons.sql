-- Coupon pools: codes the company's shop made, handed out one a message (design section 8).
create table tend.coupon_pool (
    pool       text primary key check (pool ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
    low_water  integer not null check (low_water >= 0),
    created_at timestamptz not null
);
comment on table tend.coupon_pool is 'Pools of codes; offers in job files name them.';
comment on column tend.coupon_pool.pool is 'Its name.';
comment on column tend.coupon_pool.low_water is 'The watchdog raises an alarm when fewer codes than this are left.';
comment on column tend.coupon_pool.created_at is 'When its first codes were imported.';

create table tend.coupon (
    coupon_id   bigint generated always as identity primary key,
    pool        text not null references tend.coupon_pool,
    code        text not null unique,
    expires_on  date,
    imported_at timestamptz not null,
    reserved_at timestamptz,
    told_until  date,
    check (told_until is null or reserved_at is not null)
) with (fillfactor = 80);
comment on table tend.coupon is 'Codes. One belongs to one pool and is reserved with the message it is for, in the same transaction; it is given back when the message has definitely failed.';
comment on column tend.coupon.coupon_id is 'Names the code where the code itself must not be shown.';
comment on column tend.coupon.pool is 'Its pool.';
comment on column tend.coupon.code is 'What the customer types at the till. Never logged.';
comment on column tend.coupon.expires_on is 'Last day the shop takes it; null: it does not end.';
comment on column tend.coupon.imported_at is 'When it came.';
comment on column tend.coupon.reserved_at is 'As-of of the run that took it, or when a message that waited got it; null: it is free.';
comment on column tend.coupon.told_until is 'The last day the customer is told.';
-- the code that ends first goes first
create index coupon_free on tend.coupon (pool, coalesce(expires_on, 'infinity'), coupon_id) where reserved_at is null;

alter table tend.outbox add column coupon_id bigint;
comment on column tend.outbox.coupon_id is 'The code it carries (tend.coupon); null: none, or it waits for one (held, reason coupon). What it needs stands in data.coupon.';
create index outbox_coupon on tend.outbox (coupon_id) where coupon_id is not null;
create index outbox_without_code on tend.outbox ((data -> 'coupon' ->> 'pool'), priority desc, not_before, message_id) where state = 'held' and state_reason = 'coupon';

create function tend.free_coupons(of_pool text, until date, codes bigint) returns table (coupon_id bigint, expires_on date)
    language sql volatile rows 100
begin atomic
    select c.coupon_id, c.expires_on
    from tend.coupon c
    where c.pool = of_pool and c.reserved_at is null and coalesce(c.expires_on, 'infinity') >= until
    order by coalesce(c.expires_on, 'infinity'), c.coupon_id
    limit codes
    for update skip locked;
end;
comment on function tend.free_coupons is 'Locks so many codes of a pool that are good until then, those that end first first. Codes another transaction is taking are passed over: never the same code twice, and nobody waits.';

-- A trigger, not a line in each statement that ends messages: there are many of those, and none may forget it. A message
-- that was refused and may still go by another channel has not ended.
create function tend.release_coupon() returns trigger language plpgsql as $$
declare
    released bigint;
begin
    update tend.coupon c
    set reserved_at = null, told_until = null
    where c.coupon_id = new.coupon_id
      and not exists (
          select from tend.outbox o
          where o.coupon_id = c.coupon_id
            and (o.state not in ('rejected', 'expired', 'suppressed', 'cancelled')
                 or o.state = 'rejected' and o.fallback is not null
                 or exists (select from tend.attempt a
                            where a.message_id = o.message_id and a.outcome in ('in_doubt', 'accepted'))))
    returning c.coupon_id into released;
    -- somebody else gets it: no message that failed may bring it up again
    if found then
        update tend.outbox o set coupon_id = null where o.coupon_id = released;
    end if;
    return null;
end
$$;
comment on function tend.release_coupon is 'Gives the code of a message back that definitely did not arrive: final, and no attempt of it or of another message with the same code in doubt.';
create trigger outbox_coupon after update of state, fallback on tend.outbox
    for each row
    when (new.coupon_id is not null
          and (new.state in ('expired', 'suppressed', 'cancelled') or new.state = 'rejected' and new.fallback is null)
          and (old.state, old.fallback) is distinct from (new.state, new.fallback))
    execute function tend.release_coupon();
