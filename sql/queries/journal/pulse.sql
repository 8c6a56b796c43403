-- name: pulse(now, symbol, decision_id, minute_ms, month_ms)^
-- Everything about the active account that fits in one row, so that a decision costs one question.
with active as (
    select
        account, mode, market, venue, run_id, quote_asset, start, market_time, processed_until,
        case market when 'exchange' then :now else market_time end as at
    from accounts
    where account = (select account from active_account)
)
select
    a.account, a.mode, a.market, a.venue, a.run_id, a.quote_asset, a.start, a.market_time, a.processed_until, a.at,
    c.state, c.reason, c.killed,
    (
        select count(*) from orders o
        where
            o.account = a.account and o.status = 'UNKNOWN'
            and o.status in ('INTENT', 'SENT', 'OPEN', 'PARTIAL', 'UNKNOWN')
    ) as unknown_orders,
    (
        select count(*) from orders o where o.account = a.account and o.created_at >= a.at - :minute_ms
    ) as orders_last_minute,
    (
        select
            coalesce(
                sum(
                    case
                        when f.fee_value is not null then cast(f.fee_value as double precision)
                        when f.fee_asset = a.quote_asset then cast(f.fee as double precision)
                        else cast(f.fee as double precision) * cast(f.price as double precision)
                    end
                ),
                0
            )
        from fills f
        where f.account = a.account and f.at >= a.at - :month_ms
    ) as fees_30_days,
    (
        select max(f.at) from fills f where f.account = a.account and f.symbol = :symbol and f.side = 'SELL'
    ) as last_exit,
    (
        select count(*) from approvals p where p.account = a.account and p.status = 'PENDING'
    ) as pending,
    (
        select count(*) from approvals p
        where p.account = a.account and p.status in ('PENDING', 'GRANTED') and p.expires_at <= :now
    ) as overdue,
    (select count(*) from approvals p where p.decision_id = :decision_id) as asked
from active a
left join control c on c.only_row = 1
