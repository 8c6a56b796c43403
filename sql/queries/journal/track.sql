-- name: closed_trades(count)
-- Newest first, beside the order that closed each.
select
    t.symbol, t.strategy, t.quantity, t.entry_price, t.exit_price, t.pnl, t.fees, t.risk, t.opened_at, t.closed_at,
    t.exit_purpose, o.decision_id, o.reason
from trades t
left join orders o on o.client_order_id = t.exit_order
where t.account = (select account from active_account)
order by t.seq desc
limit :count

-- name: order_totals()
select value, fees from orders where account = (select account from active_account) and filled <> '0'
