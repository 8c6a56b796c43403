-- Every question to a model: what was sent, what came back raw, what it cost. Times are wall time in ms, costs
-- billionths of a US dollar. A call that is not over yet stands with its worst cost, so that a crash counts it.

create table calls (
    call integer primary key,
    at bigint not null,
    cycle text not null,
    agent text not null,
    symbol text not null,
    digest text not null,
    provider text not null,
    system text not null,
    brief text not null,
    complaint text,
    reply text,
    outcome text not null,
    answered integer not null,
    tokens_in integer not null,
    tokens_out integer not null,
    cost_nusd bigint not null,
    took_ms real not null
);
create index calls_at on calls (at);
create index calls_cycle on calls (cycle);
create index calls_digest on calls (digest, at) where answered = 1;
