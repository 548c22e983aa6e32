-- After a dispatcher died: what it had handed off and no answer was recorded for. $1 owner, $2 now, $3 attempts at most.
update tend.attempt a
set finished_at = $2::timestamptz, outcome = 'in_doubt',
    becomes = case o.on_unknown when 'drop' then 'dead' when 'resend' then case when a.attempt < $3 then 'planned' else 'dead' end
                  else 'in_doubt' end,
    retry_at = case when o.on_unknown = 'resend' and a.attempt < $3 then $2::timestamptz end,
    detail = case o.on_unknown when 'drop' then 'dropped: fate unknown, the dispatcher died during the call'
                 when 'resend' then 'fate unknown, the dispatcher died during the call; sent again under the same id'
                 else 'fate unknown: the dispatcher died during the call' end
from tend.outbox o
where o.owner = $1 and o.state = 'claimed' and a.message_id = o.message_id and a.attempt = o.attempts + 1 and a.finished_at is null
