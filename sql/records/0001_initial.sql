-- The records: what was seen and decided. One writer; nothing here moves money.
-- Times are milliseconds since 1970 in UTC; `source` names the market that prices came from.

create table active_source (
    only_row integer primary key check (only_row = 1),
    source text not null
);

create table candles (
    source text not null,
    symbol text not null,
    timeframe text not null,
    timestamp_ms bigint not null,
    open double precision not null,
    high double precision not null,
    low double precision not null,
    close double precision not null,
    volume double precision not null,
    primary key (source, symbol, timeframe, timestamp_ms)
);

create table quotes (
    source text not null,
    symbol text not null,
    venue text not null,
    at bigint not null,
    bid text not null,
    ask text not null,
    last text not null,
    primary key (source, symbol, venue, at)
);

create table cycles (
    seq integer primary key,
    cycle_id text not null unique,
    symbol text not null,
    as_of bigint not null,
    record text not null
);

create index cycles_by_symbol on cycles (symbol);

create table previews (
    symbol text primary key,
    cycle_id text not null,
    as_of bigint not null,
    record text not null
);

create table signals (
    cycle_id text not null,
    agent text not null,
    symbol text not null,
    as_of bigint not null,
    action text not null,
    confidence double precision not null,
    reasons text not null,
    primary key (cycle_id, agent)
);

create table ballots (
    cycle_id text not null,
    agent text not null,
    symbol text not null,
    as_of bigint not null,
    action text not null,
    confidence double precision not null,
    weight integer not null,
    reasons text not null,
    primary key (cycle_id, agent)
);

create table verdicts (
    cycle_id text primary key,
    symbol text not null,
    as_of bigint not null,
    action text not null,
    decision text not null,
    reason text not null,
    checks text not null
);

create table health (
    seq integer primary key,
    at bigint not null,
    server text not null,
    state text not null,
    latency_ms double precision,
    restarts integer not null,
    detail text not null
);
