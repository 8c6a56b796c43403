-- name: add_approval(approval_id, account, decision_id, client_order_id, symbol, purpose, quantity, price, request, collar, checks, status, reason, decided_by, requested_at, expires_at)!
insert into approvals (
    approval_id, account, decision_id, client_order_id, symbol, purpose, quantity, price, request, collar,
    checks, status, reason, decided_by, requested_at, expires_at
)
values (
    :approval_id, :account, :decision_id, :client_order_id, :symbol, :purpose, :quantity, :price, :request,
    :collar, :checks, :status, :reason, :decided_by, :requested_at, :expires_at
)
on conflict (approval_id) do nothing

-- name: approval(approval_id)^
select
    approval_id, account, decision_id, request, collar, status, reason, decided_by, requested_at, expires_at
from approvals
where approval_id = :approval_id

-- name: approval_checks(approval_id)^
select checks from approvals where approval_id = :approval_id

-- name: approvals_of_decision(decision_id)
select
    approval_id, account, decision_id, request, collar, status, reason, decided_by, requested_at, expires_at
from approvals
where decision_id = :decision_id
order by requested_at, approval_id

-- name: pending_approvals()
select
    approval_id, account, decision_id, request, collar, status, reason, decided_by, requested_at, expires_at
from approvals
where account = (select account from active_account) and status = 'PENDING'
order by requested_at, approval_id

-- name: decide_approval(approval_id, status, reason, decided_by, at, expires_at)^
update approvals set
    status = :status, reason = :reason, decided_by = :decided_by, expires_at = :expires_at, closed_at = :at
where approval_id = :approval_id and status = 'PENDING' and expires_at > :at
returning
    approval_id, account, decision_id, request, collar, status, reason, decided_by, requested_at, expires_at

-- name: revoke_approval(approval_id, reason, at)!
update approvals set status = 'REJECTED', reason = :reason, closed_at = :at
where approval_id = :approval_id and status in ('PENDING', 'GRANTED')

-- name: consume_approval(approval_id, at)!
update approvals set status = 'CONSUMED', closed_at = :at
where
    approval_id = :approval_id and status = 'GRANTED' and expires_at > :at
    and account = (select account from active_account)

-- name: expire_approvals(now)
update approvals set
    status = 'EXPIRED',
    reason = case status when 'PENDING' then 'no answer in time' else 'not used in time' end,
    closed_at = :now
where
    account = (select account from active_account)
    and status in ('PENDING', 'GRANTED') and expires_at <= :now
returning
    approval_id, account, decision_id, request, collar, status, reason, decided_by, requested_at, expires_at

-- name: reservations(now, except_order)
-- What entries may still spend: grants not yet used, and open entry orders at the price they were granted.
select symbol, quantity, '0' as filled, price
from approvals
where
    account = (select account from active_account) and status = 'GRANTED'
    and purpose = 'ENTRY' and expires_at > :now and client_order_id <> :except_order
union all
select o.symbol, o.quantity, o.filled, coalesce(a.price, o.limit_price, o.stop_price, '0') as price
from orders o
left join approvals a on a.approval_id = o.approval_id
where
    o.account = (select account from active_account)
    and o.status in ('INTENT', 'SENT', 'OPEN', 'PARTIAL', 'UNKNOWN')
    and o.purpose = 'ENTRY' and o.client_order_id <> :except_order
