-- dispatch/assume: messages $3 of owner $1 were handed over and accepted at $2: what commit.sql and settle.sql leave behind
-- in the end.
with handed as (
    insert into tend.attempt (message_id, attempt, owner, handed_off_at, finished_at, outcome, becomes, detail)
    select o.message_id, o.attempts + 1, $1, $2, $2, 'accepted', 'accepted', 'assumed'
    from unnest($3::bigint[]) as m (message_id)
    join tend.outbox o using (message_id)
)
update tend.outbox o
set state = 'accepted', state_at = $2, state_reason = null, attempts = o.attempts + 1, owner = null
from unnest($3::bigint[]) as m (message_id)
where o.message_id = m.message_id
