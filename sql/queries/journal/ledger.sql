-- name: before_fill(client_order_id, fill_id)^
-- All that a fill changes: its order, what is held and the trade of the same order so far.
select
    o.account, o.symbol, o.side, o.purpose, o.strategy, o.quantity, o.status, o.filled, o.value, o.fees,
    f.fill_id as known_fill,
    p.quantity as held_quantity, p.cost as held_cost, p.entry_price as held_entry_price, p.fees as held_fees,
    p.high as held_high, p.strategy as held_strategy, p.opened_at as held_opened_at,
    p.entry_order as held_entry_order, p.initial_stop as held_initial_stop,
    t.quantity as trade_quantity, t.entry_price as trade_entry_price, t.exit_price as trade_exit_price,
    t.pnl as trade_pnl, t.fees as trade_fees, t.risk as trade_risk
from orders o
left join fills f on f.account = o.account and f.fill_id = :fill_id
left join positions p on p.account = o.account and p.symbol = o.symbol
left join trades t on t.exit_order = o.client_order_id and t.entry_order = p.entry_order
where o.client_order_id = :client_order_id

-- name: fill_of(account, fill_id)^
select fill_id, client_order_id, symbol, side, price, quantity, fee, fee_asset, fee_value, liquidity, at
from fills
where account = :account and fill_id = :fill_id

-- name: add_fill(account, fill_id, client_order_id, symbol, side, price, quantity, fee, fee_asset, fee_value, liquidity, at)!
insert into fills (
    account, fill_id, client_order_id, symbol, side, price, quantity, fee, fee_asset, fee_value, liquidity, at
)
values (
    :account, :fill_id, :client_order_id, :symbol, :side, :price, :quantity, :fee, :fee_asset, :fee_value, :liquidity, :at
)

-- name: newest_fills(count)
select fill_id, client_order_id, symbol, side, price, quantity, fee, fee_asset, fee_value, liquidity, at
from fills
where account = (select account from active_account)
order by seq desc
limit :count

-- name: fill_ids(symbol)
select fill_id from fills where account = (select account from active_account) and symbol = :symbol

-- name: fees_since(since)
select symbol, price, fee, fee_asset, fee_value from fills
where account = (select account from active_account) and at >= :since

-- name: newest_fill_time(symbol, side)^
select max(at) as at from fills
where account = (select account from active_account) and symbol = :symbol and side = :side

-- name: balances()
select asset, amount from balances where account = (select account from active_account) order by asset

-- name: put_balance(account, asset, amount)!
insert into balances (account, asset, amount) values (:account, :asset, :amount)
on conflict (account, asset) do update set amount = excluded.amount

-- name: balance_of(account, asset)^
select amount from balances where account = :account and asset = :asset

-- name: other_fees(account)^
select other_fees from accounts where account = :account

-- name: put_other_fees(account, other_fees)!
update accounts set other_fees = :other_fees where account = :account

-- name: parked()
select symbol, quantity, cost, reason, at from parked
where account = (select account from active_account)
order by symbol

-- name: put_parked(account, symbol, quantity, cost, reason, at)!
insert into parked (account, symbol, quantity, cost, reason, at)
values (:account, :symbol, :quantity, :cost, :reason, :at)
on conflict (account, symbol) do update set
    quantity = excluded.quantity, cost = excluded.cost, reason = excluded.reason, at = excluded.at

-- name: held(symbol)^
select account, symbol, quantity, cost from positions
where account = (select account from active_account) and symbol = :symbol

-- name: parked_of(account, symbol)^
select quantity, cost from parked where account = :account and symbol = :symbol

-- name: open_balance(account, asset, amount)!
insert into balances (account, asset, amount) values (:account, :asset, :amount)
on conflict (account, asset) do nothing

-- name: positions()
select
    symbol, quantity, cost, entry_price, fees, strategy, opened_at, entry_order,
    initial_stop, stop, target, trail, trail_after, high
from positions
where account = (select account from active_account)
order by symbol

-- name: put_position(account, symbol, quantity, cost, entry_price, fees, strategy, opened_at, entry_order, high)!
insert into positions (
    account, symbol, quantity, cost, entry_price, fees, strategy, opened_at, entry_order, high
)
values (
    :account, :symbol, :quantity, :cost, :entry_price, :fees, :strategy, :opened_at, :entry_order, :high
)
on conflict (account, symbol) do update set
    quantity = excluded.quantity, cost = excluded.cost, entry_price = excluded.entry_price,
    fees = excluded.fees, high = excluded.high

-- name: remove_position(account, symbol)!
delete from positions where account = :account and symbol = :symbol

-- name: arm_position(symbol, initial_stop, stop, target, trail, trail_after)!
update positions set
    initial_stop = :initial_stop, stop = :stop, target = :target, trail = :trail, trail_after = :trail_after
where account = (select account from active_account) and symbol = :symbol

-- name: move_stop(symbol, stop, high)!
update positions set stop = :stop, high = :high
where account = (select account from active_account) and symbol = :symbol

-- name: put_trade(account, exit_order, entry_order, symbol, strategy, quantity, entry_price, exit_price, pnl, fees, risk, opened_at, closed_at, exit_purpose)!
insert into trades (
    account, exit_order, entry_order, symbol, strategy, quantity, entry_price, exit_price,
    pnl, fees, risk, opened_at, closed_at, exit_purpose
)
values (
    :account, :exit_order, :entry_order, :symbol, :strategy, :quantity, :entry_price, :exit_price,
    :pnl, :fees, :risk, :opened_at, :closed_at, :exit_purpose
)
on conflict (exit_order, entry_order) do update set
    quantity = excluded.quantity, entry_price = excluded.entry_price, exit_price = excluded.exit_price,
    pnl = excluded.pnl, fees = excluded.fees, risk = excluded.risk, closed_at = excluded.closed_at

-- name: newest_trades(strategy, count)
-- An empty strategy means all.
select
    symbol, strategy, quantity, entry_price, exit_price, pnl, fees, risk, opened_at, closed_at, exit_purpose
from trades
where account = (select account from active_account) and (:strategy = '' or strategy = :strategy)
order by seq desc
limit :count
