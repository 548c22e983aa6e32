-- After a dispatcher died: what it had handed off and no answer was recorded for. $1 owner, $2 now, $3 attempts at most
-- over a channel, $4 channels whose gateway is asked first.
with wish as (
    select o.message_id, o.attempts, $3 + o.attempts_before as most, case when o.provider = any ($4) then 'ask' else o.on_unknown end as then_do
    from tend.outbox o
    where o.owner = $1 and o.state = 'claimed'
)
update tend.attempt a
set finished_at = $2::timestamptz, outcome = 'in_doubt',
    becomes = case w.then_do when 'drop' then 'dead' when 'resend' then case when a.attempt < w.most then 'planned' else 'dead' end
                  else 'in_doubt' end,
    retry_at = case when w.then_do = 'resend' and a.attempt < w.most then $2::timestamptz end,
    detail = case w.then_do when 'drop' then 'dropped: fate unknown, the dispatcher died during the call'
                 when 'resend' then 'fate unknown, the dispatcher died during the call; sent again under the same id'
                 when 'ask' then 'fate unknown: the dispatcher died during the call; the gateway is asked'
                 else 'fate unknown: the dispatcher died during the call' end
from wish w
where a.message_id = w.message_id and a.attempt = w.attempts + 1 and a.finished_at is null
