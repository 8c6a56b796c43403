-- name: add_account(account, mode, market, venue, run_id, quote_asset, start, at)!
insert into accounts (
    account, mode, market, venue, run_id, quote_asset, start, opened_at,
    equity, peak_equity, day_start_equity, day
)
values (
    :account, :mode, :market, :venue, :run_id, :quote_asset, :start, :at,
    :start, :start, :start, 0
)
on conflict (account) do nothing

-- name: activate_account(account)!
insert into active_account (only_row, account) values (1, :account)
on conflict (only_row) do update set account = excluded.account

-- name: active_account()^
select
    a.account, a.mode, a.market, a.venue, a.run_id, a.quote_asset, a.start,
    a.market_time, a.processed_until
from accounts a
where a.account = (select account from active_account)

-- name: set_market_time(at)!
update accounts set market_time = :at
where account = (select account from active_account) and (market_time is null or market_time <= :at)

-- name: set_processed_until(at)!
update accounts set processed_until = case when processed_until > :at then processed_until else :at end
where account = (select account from active_account)

-- name: set_engine(pid, since)!
insert into engine (only_row, pid, since, servers) values (1, :pid, :since, '[]')
on conflict (only_row) do update set
    pid = excluded.pid, since = excluded.since, heartbeat = null, servers = excluded.servers, feed_age_s = null

-- name: beat(at, servers, feed_age_s)!
update engine set heartbeat = :at, servers = :servers, feed_age_s = :feed_age_s

-- name: engine()^
select pid, since, heartbeat, servers, feed_age_s from engine

-- name: portfolio()
-- One row for the account and each position. A mark taken before the position was opened says nothing of it.
select
    a.account, a.quote_asset, a.start, a.equity, a.peak_equity, a.day_start_equity, a.day, a.other_fees,
    b.amount as cash,
    p.symbol, p.quantity, p.cost, p.entry_price, p.fees, p.strategy, p.opened_at, p.entry_order,
    p.initial_stop, p.stop, p.target, p.trail, p.trail_after, p.high,
    m.price as mark_price, m.at as mark_at
from accounts a
join balances b on b.account = a.account and b.asset = a.quote_asset
left join positions p on p.account = a.account
left join marks m on m.account = a.account and m.symbol = p.symbol and m.at >= p.opened_at
where a.account = (select account from active_account)
order by p.symbol

-- name: put_mark(symbol, price, at)!
insert into marks (account, symbol, price, at)
values ((select account from active_account), :symbol, :price, :at)
on conflict (account, symbol) do update set price = excluded.price, at = excluded.at
where marks.at <= excluded.at

-- name: mark_account(equity, peak_equity, day_start_equity, day)!
update accounts set
    equity = :equity, peak_equity = :peak_equity, day_start_equity = :day_start_equity, day = :day
where account = (select account from active_account)

-- name: put_equity_point(at, equity)!
insert into equity_points (account, at, equity)
values ((select account from active_account), :at, :equity)
on conflict (account, at) do update set equity = excluded.equity

-- name: equity_points(since)
select at, equity from equity_points
where account = (select account from active_account) and at >= :since
order by at
