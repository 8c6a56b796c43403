-- What real venues need: their names for our orders, fees in a third asset, dust, and how the account stands there.

alter table orders add column venue_order_id text;
create index orders_of_venue on orders (account, venue_order_id) where venue_order_id is not null;

-- Worth of the fee in quote currency, where it is paid in neither base nor quote.
alter table fills add column fee_value text;

-- What fees in third assets were worth, so that equity counts them.
alter table accounts add column other_fees text not null default '0';

-- A kill that also sells: its sales alone may leave.
alter table control add column flatten integer not null default 0;

-- What an exit could not sell, because the venue takes no order so small. It stays in the balances.
create table parked (
    account text not null references accounts (account),
    symbol text not null,
    quantity text not null,
    cost text not null,
    reason text not null,
    at bigint not null,
    primary key (account, symbol)
);

-- How the executor last found the account at its venue; times are wall time.
create table venue_state (
    account text primary key references accounts (account),
    at bigint not null,
    reconciled_at bigint,
    problem text not null,
    attention text not null,
    foreign_orders text not null,
    clock_offset_s double precision,
    errors_last_minute integer not null,
    crossed text not null
);
