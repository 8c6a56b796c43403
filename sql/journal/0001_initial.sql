-- The journal: what was allowed, ordered, filled and held.
-- Amounts and prices are exact decimals as text, times are milliseconds since 1970 in UTC.
-- On PostgreSQL the `integer primary key` columns (identity) and the triggers (functions) differ.

create table accounts (
    account text primary key,
    mode text not null,
    market text not null,
    venue text not null,
    run_id text not null,
    quote_asset text not null,
    start text not null,
    opened_at bigint not null,
    market_time bigint,
    processed_until bigint,
    equity text not null,
    peak_equity text not null,
    day_start_equity text not null,
    day bigint not null -- 00:00 of the market day of the last mark
);

create table active_account (
    only_row integer primary key check (only_row = 1),
    account text not null references accounts (account)
);

create table engine (
    only_row integer primary key check (only_row = 1),
    pid bigint,
    since bigint not null,
    heartbeat bigint,
    servers text not null,
    feed_age_s double precision
);

create table control (
    only_row integer primary key check (only_row = 1),
    state text not null check (state in ('RUNNING', 'PAUSED', 'REDUCING', 'HALTED')),
    reason text not null,
    killed integer not null check (killed = 0 or state = 'HALTED')
);

create table control_log (
    seq integer primary key,
    at bigint not null,
    state text not null,
    reason text not null,
    actor text not null
);

create table approvals (
    approval_id text primary key,
    account text not null references accounts (account),
    decision_id text not null,
    client_order_id text not null,
    symbol text not null,
    purpose text not null,
    quantity text not null,
    price text not null,
    request text not null,
    collar text not null,
    checks text not null,
    status text not null check (status in ('PENDING', 'GRANTED', 'REJECTED', 'EXPIRED', 'CONSUMED')),
    reason text not null,
    decided_by text,
    requested_at bigint not null,
    expires_at bigint not null,
    closed_at bigint
);

create index standing_approvals on approvals (account, status);
create index approvals_of_decision on approvals (decision_id);

create table orders (
    seq integer primary key,
    client_order_id text not null unique,
    account text not null references accounts (account),
    decision_id text,
    approval_id text references approvals (approval_id),
    symbol text not null,
    side text not null check (side in ('BUY', 'SELL')),
    type text not null,
    purpose text not null,
    strategy text,
    quantity text not null,
    limit_price text,
    stop_price text,
    request text not null,
    status text not null check (
        status in ('INTENT', 'SENT', 'OPEN', 'PARTIAL', 'FILLED', 'CANCELED', 'REJECTED', 'EXPIRED', 'UNKNOWN')
    ),
    filled text not null,
    value text not null,
    fees text not null,
    reason text not null,
    created_at bigint not null,
    updated_at bigint not null
);

create index open_orders on orders (account)
where status in ('INTENT', 'SENT', 'OPEN', 'PARTIAL', 'UNKNOWN');
create index orders_by_time on orders (account, created_at);

create table order_events (
    seq integer primary key,
    client_order_id text not null references orders (client_order_id),
    at bigint not null,
    status text not null,
    reason text not null
);

-- Every state that an order enters is kept, whoever writes it; a terminal one is never left.
create trigger order_created after insert on orders
begin
    insert into order_events (client_order_id, at, status, reason)
    values (new.client_order_id, new.updated_at, new.status, new.reason);
end;

create trigger order_changed after update of status on orders when old.status <> new.status
begin
    insert into order_events (client_order_id, at, status, reason)
    values (new.client_order_id, new.updated_at, new.status, new.reason);
end;

create trigger order_final before update of status on orders
when old.status <> new.status and old.status in ('FILLED', 'CANCELED', 'REJECTED', 'EXPIRED')
begin
    select raise(abort, 'an order in a terminal state cannot change it');
end;

create index events_of_order on order_events (client_order_id);

create table fills (
    seq integer primary key,
    account text not null references accounts (account),
    fill_id text not null,
    client_order_id text not null references orders (client_order_id),
    symbol text not null,
    side text not null,
    price text not null,
    quantity text not null,
    fee text not null,
    fee_asset text not null,
    liquidity text not null,
    at bigint not null,
    unique (account, fill_id)
);

create index fills_of_order on fills (client_order_id);
create index fills_by_time on fills (account, at);
create index fills_by_symbol on fills (account, symbol, side, at);

create table balances (
    account text not null references accounts (account),
    asset text not null,
    amount text not null,
    primary key (account, asset)
);

create table positions (
    account text not null references accounts (account),
    symbol text not null,
    quantity text not null,
    cost text not null,
    entry_price text not null,
    fees text not null,
    strategy text,
    opened_at bigint not null,
    entry_order text not null,
    initial_stop text,
    stop text,
    target text,
    trail text,
    trail_after text,
    high text not null,
    primary key (account, symbol)
);

create table trades (
    seq integer primary key,
    account text not null references accounts (account),
    exit_order text not null,
    entry_order text not null,
    symbol text not null,
    strategy text,
    quantity text not null,
    entry_price text not null,
    exit_price text not null,
    pnl text not null,
    fees text not null,
    risk text,
    opened_at bigint not null,
    closed_at bigint not null,
    exit_purpose text not null,
    unique (exit_order, entry_order)
);

create index trades_by_strategy on trades (account, strategy);

create table marks (
    account text not null references accounts (account),
    symbol text not null,
    price text not null,
    at bigint not null,
    primary key (account, symbol)
);

create table equity_points (
    account text not null references accounts (account),
    at bigint not null,
    equity text not null,
    primary key (account, at)
);
