-- name: use_source(source)!
insert into active_source (only_row, source) values (1, :source)
on conflict (only_row) do update set source = excluded.source

-- name: add_candle(source, symbol, timeframe, timestamp_ms, open, high, low, close, volume)!
insert into candles (source, symbol, timeframe, timestamp_ms, open, high, low, close, volume)
values (:source, :symbol, :timeframe, :timestamp_ms, :open, :high, :low, :close, :volume)
on conflict (source, symbol, timeframe, timestamp_ms) do update set
    open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
    volume = excluded.volume

-- name: newest_candles(symbol, timeframe, newest_ms, count)
select timestamp_ms, open, high, low, close, volume from candles
where
    source = coalesce((select source from active_source), '')
    and symbol = :symbol and timeframe = :timeframe and timestamp_ms <= :newest_ms
order by timestamp_ms desc
limit :count

-- name: newest_closes(symbol, timeframe, newest_ms, count)
select timestamp_ms, close from candles
where
    source = coalesce((select source from active_source), '')
    and symbol = :symbol and timeframe = :timeframe and timestamp_ms <= :newest_ms
order by timestamp_ms desc
limit :count

-- name: add_quote(source, symbol, venue, at, bid, ask, last)!
insert into quotes (source, symbol, venue, at, bid, ask, last)
values (:source, :symbol, :venue, :at, :bid, :ask, :last)
on conflict (source, symbol, venue, at) do update set
    bid = excluded.bid, ask = excluded.ask, last = excluded.last

-- name: newest_quotes(symbol, count)
select symbol, venue, bid, ask, last, at from quotes
where source = coalesce((select source from active_source), '') and symbol = :symbol
order by at desc, venue
limit :count

-- name: add_cycle(cycle_id, symbol, as_of, record)!
insert into cycles (cycle_id, symbol, as_of, record) values (:cycle_id, :symbol, :as_of, :record)
on conflict (cycle_id) do update set as_of = excluded.as_of, record = excluded.record

-- name: put_preview(cycle_id, symbol, as_of, record)!
insert into previews (symbol, cycle_id, as_of, record) values (:symbol, :cycle_id, :as_of, :record)
on conflict (symbol) do update set
    cycle_id = excluded.cycle_id, as_of = excluded.as_of, record = excluded.record

-- name: cycle(cycle_id)^
select record, 0 as preview from cycles where cycle_id = :cycle_id
union all
select record, 1 as preview from previews where cycle_id = :cycle_id
order by preview

-- name: newest_cycles(symbol, before, count)
-- An empty symbol means all, an empty `before` the newest.
select record from cycles
where
    (:symbol = '' or symbol = :symbol)
    and (:before = '' or seq < (select seq from cycles where cycle_id = :before))
order by seq desc
limit :count

-- name: add_signal(cycle_id, agent, symbol, as_of, action, confidence, reasons)!
insert into signals (cycle_id, agent, symbol, as_of, action, confidence, reasons)
values (:cycle_id, :agent, :symbol, :as_of, :action, :confidence, :reasons)
on conflict (cycle_id, agent) do update set
    action = excluded.action, confidence = excluded.confidence, reasons = excluded.reasons

-- name: add_ballot(cycle_id, agent, symbol, as_of, action, confidence, weight, reasons)!
insert into ballots (cycle_id, agent, symbol, as_of, action, confidence, weight, reasons)
values (:cycle_id, :agent, :symbol, :as_of, :action, :confidence, :weight, :reasons)
on conflict (cycle_id, agent) do update set
    action = excluded.action, confidence = excluded.confidence, weight = excluded.weight,
    reasons = excluded.reasons

-- name: add_verdict(cycle_id, symbol, as_of, action, decision, reason, checks)!
insert into verdicts (cycle_id, symbol, as_of, action, decision, reason, checks)
values (:cycle_id, :symbol, :as_of, :action, :decision, :reason, :checks)
on conflict (cycle_id) do update set
    action = excluded.action, decision = excluded.decision, reason = excluded.reason, checks = excluded.checks

-- name: add_health(at, server, state, latency_ms, restarts, detail)!
insert into health (at, server, state, latency_ms, restarts, detail)
values (:at, :server, :state, :latency_ms, :restarts, :detail)

-- name: newest_health(count)
select at, server, state, latency_ms, restarts, detail from health order by seq desc limit :count
