-- The levels at an instant (0029) asked of a few customers as cheaply as of all. The first moves were sorted out of all moves since,
-- once for each customer that a statement asked about when it took them for a handful: the same rows, joined in a way that
-- can begin at the customer.
create or replace function tend.levels_at(of_ladder text, at timestamptz) returns table (customer_id text, level text) language sql stable as $$
    select s.customer_id, coalesce(m.from_level, s.level)
    from tend.ladder_state s
    left join tend.ladder_move m on m.ladder = $1 and m.customer_id = s.customer_id and m.at >= $2
          and not exists (select from tend.ladder_move e
                          where e.ladder = $1 and e.customer_id = m.customer_id and e.at >= $2 and (e.at, e.run_id) < (m.at, m.run_id))
    where s.ladder = $1
$$;
