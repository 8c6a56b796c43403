-- name: add_equity(account, at, timeframe, equity, cash, exposure)!
insert into equity (account, at, timeframe, equity, cash, exposure)
values (:account, :at, :timeframe, :equity, :cash, :exposure)
on conflict (account, at) do update set
    timeframe = excluded.timeframe, equity = excluded.equity, cash = excluded.cash, exposure = excluded.exposure

-- name: newest_equity(account, count)
select at, timeframe, cast(equity as real) as equity, cast(exposure as real) as exposure from equity
where account = :account
order by at desc
limit :count

-- name: decided_symbols()
select distinct symbol from cycles order by symbol

-- name: closes_at(symbols, timeframe, stamps)
-- `symbols` and `stamps`, the bars' opening times, are JSON lists.
select c.symbol, c.timestamp_ms, c.close
from json_each(:symbols) s
cross join json_each(:stamps) t
cross join candles c
    on c.source = coalesce((select source from active_source), '') and c.symbol = s.value
    and c.timeframe = :timeframe and c.timestamp_ms = t.value

-- name: agent_calls(symbols, timeframe, bar_ms, horizon_ms, count)
-- Each agent's BUYs and SELLs in the newest `count` decisions of each symbol, as far as the close `horizon_ms`
-- after the decided bar's is known, and how many of those closes lay that way. `symbols` is a JSON list.
with decided as materialized (
    select c.cycle_id, c.symbol, c.as_of - :bar_ms as opened
    from json_each(:symbols) s
    join cycles c on c.symbol = s.value and c.seq in (
        select n.seq from cycles n where n.symbol = s.value order by n.seq desc limit :count
    )
),
moved as materialized (
    select d.cycle_id, then_.close > now_.close as rose, then_.close < now_.close as fell
    from decided d
    cross join candles now_
        on now_.source = coalesce((select source from active_source), '') and now_.symbol = d.symbol
        and now_.timeframe = :timeframe and now_.timestamp_ms = d.opened
    cross join candles then_
        on then_.source = now_.source and then_.symbol = d.symbol
        and then_.timeframe = :timeframe and then_.timestamp_ms = d.opened + :horizon_ms
),
voices as (
    select v.agent, v.action, m.rose, m.fell from moved m cross join signals v on v.cycle_id = m.cycle_id
    union all
    select v.agent, v.action, m.rose, m.fell from moved m cross join ballots v on v.cycle_id = m.cycle_id
)
select
    agent,
    sum(action in ('BUY', 'SELL')) as calls,
    sum(action = 'BUY' and rose or action = 'SELL' and fell) as hits
from voices
group by agent
order by agent
