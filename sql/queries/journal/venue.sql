-- name: put_venue_state(account, at, reconciled_at, problem, attention, foreign_orders, clock_offset_s, errors_last_minute, crossed)!
insert into venue_state (
    account, at, reconciled_at, problem, attention, foreign_orders, clock_offset_s, errors_last_minute, crossed
)
values (
    :account, :at, :reconciled_at, :problem, :attention, :foreign_orders, :clock_offset_s,
    :errors_last_minute, :crossed
)
on conflict (account) do update set
    at = excluded.at, reconciled_at = excluded.reconciled_at, problem = excluded.problem,
    attention = excluded.attention, foreign_orders = excluded.foreign_orders,
    clock_offset_s = excluded.clock_offset_s, errors_last_minute = excluded.errors_last_minute,
    crossed = excluded.crossed

-- name: venue_state()^
select
    account, at, reconciled_at, problem, attention, foreign_orders, clock_offset_s, errors_last_minute, crossed
from venue_state
where account = (select account from active_account)
