-- The equity curve, a point a decided bar of each account; `at` is the bar's close, amounts are in quote currency.

create table equity (
    account text not null,
    at bigint not null,
    timeframe text not null,
    equity text not null,
    cash text not null,
    exposure text not null,
    primary key (account, at)
);
