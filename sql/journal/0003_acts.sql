-- What a person did, from whatever terminal: who, when, to what, and what came of it. Times are wall time.

create table acts (
    seq integer primary key,
    at bigint not null,
    actor text not null,
    act text not null,
    subject text not null,
    outcome text not null
);
