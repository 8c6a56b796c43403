-- name: add_order(client_order_id, decision_id, approval_id, symbol, side, type, purpose, strategy, quantity, limit_price, stop_price, request, status, reason, at)!
insert into orders (
    client_order_id, account, decision_id, approval_id, symbol, side, type, purpose, strategy, quantity,
    limit_price, stop_price, request, status, filled, value, fees, reason, created_at, updated_at
)
values (
    :client_order_id, (select account from active_account), :decision_id, :approval_id, :symbol, :side, :type,
    :purpose, :strategy, :quantity, :limit_price, :stop_price, :request, :status, '0', '0', '0', :reason, :at, :at
)
on conflict (client_order_id) do nothing

-- name: order_events(client_order_id)
select at, status, reason from order_events where client_order_id = :client_order_id order by seq

-- name: order_request(client_order_id)^
select request from orders where client_order_id = :client_order_id

-- name: change_status(client_order_id, status, reason, at, before)!
-- `before` names the states that it may be in, as a text such as ',INTENT,SENT,'.
update orders set status = :status, reason = :reason, updated_at = :at
where client_order_id = :client_order_id and :before like '%,' || status || ',%'

-- name: name_at_venue(client_order_id, venue_order_id)!
update orders set venue_order_id = :venue_order_id where client_order_id = :client_order_id

-- name: order_of_venue(venue_order_id)^
select client_order_id from orders
where account = (select account from active_account) and venue_order_id = :venue_order_id

-- name: put_order_totals(client_order_id, status, filled, value, fees, at)!
update orders set
    status = :status, filled = :filled, value = :value, fees = :fees, updated_at = :at
where client_order_id = :client_order_id

-- name: one_order(client_order_id)
select
    o.client_order_id, o.decision_id, o.symbol, o.side, o.type, o.purpose, o.strategy, o.quantity,
    o.limit_price, o.stop_price, o.status, o.filled, o.value, o.fees, o.reason, o.venue_order_id, o.created_at, o.updated_at,
    f.fill_id, f.price as fill_price, f.quantity as fill_quantity, f.fee, f.fee_asset, f.fee_value, f.liquidity, f.at
from orders o
left join fills f on f.client_order_id = o.client_order_id
where o.client_order_id = :client_order_id
order by f.seq

-- name: open_orders()
select
    o.client_order_id, o.decision_id, o.symbol, o.side, o.type, o.purpose, o.strategy, o.quantity,
    o.limit_price, o.stop_price, o.status, o.filled, o.value, o.fees, o.reason, o.venue_order_id, o.created_at, o.updated_at,
    f.fill_id, f.price as fill_price, f.quantity as fill_quantity, f.fee, f.fee_asset, f.fee_value, f.liquidity, f.at
from orders o
left join fills f on f.client_order_id = o.client_order_id
where
    o.account = (select account from active_account)
    and o.status in ('INTENT', 'SENT', 'OPEN', 'PARTIAL', 'UNKNOWN')
order by o.seq desc, f.seq

-- name: newest_orders(statuses, symbol, count)
-- `statuses` is a text such as ',FILLED,CANCELED,'; an empty symbol means all.
select
    o.client_order_id, o.decision_id, o.symbol, o.side, o.type, o.purpose, o.strategy, o.quantity,
    o.limit_price, o.stop_price, o.status, o.filled, o.value, o.fees, o.reason, o.venue_order_id, o.created_at, o.updated_at,
    f.fill_id, f.price as fill_price, f.quantity as fill_quantity, f.fee, f.fee_asset, f.fee_value, f.liquidity, f.at
from (
    select * from orders
    where
        account = (select account from active_account)
        and :statuses like '%,' || status || ',%'
        and (:symbol = '' or symbol = :symbol)
    order by seq desc
    limit :count
) o
left join fills f on f.client_order_id = o.client_order_id
order by o.seq desc, f.seq

-- name: count_orders(since)^
select count(*) as orders from orders
where account = (select account from active_account) and created_at >= :since
