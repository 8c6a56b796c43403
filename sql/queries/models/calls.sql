-- name: add_call(at, cycle, agent, symbol, digest, provider, system, brief, complaint, cost_nusd)^
insert into calls (
    at, cycle, agent, symbol, digest, provider, system, brief, complaint, reply, outcome, answered, tokens_in,
    tokens_out, cost_nusd, took_ms
)
values (
    :at, :cycle, :agent, :symbol, :digest, :provider, :system, :brief, :complaint, null, 'asked', 0, 0, 0,
    :cost_nusd, 0
)
returning call

-- name: end_call(call, reply, outcome, answered, tokens_in, tokens_out, cost_nusd, took_ms)!
update calls
set
    reply = :reply, outcome = :outcome, answered = :answered, tokens_in = :tokens_in, tokens_out = :tokens_out,
    cost_nusd = :cost_nusd, took_ms = :took_ms
where call = :call

-- name: answer_to(digest, since)^
select call, provider, reply from calls
where digest = :digest and answered = 1 and at >= :since
order by at desc, call desc
limit 1

-- name: spent(cycle, agent, hour, day)^
select
    coalesce(sum(case when cycle = :cycle then cost_nusd end), 0) as cycle,
    coalesce(sum(case when agent = :agent then cost_nusd end), 0) as agent_day,
    coalesce(sum(case when at > :hour then cost_nusd end), 0) as hour,
    coalesce(sum(cost_nusd), 0) as day
from calls
where at > :day

-- name: usage(since)
select
    agent, provider, count(*) as calls, sum(answered) as answered, sum(tokens_in) as tokens_in,
    sum(tokens_out) as tokens_out, sum(cost_nusd) as cost_nusd
from calls
where at > :since
group by agent, provider
order by cost_nusd desc, agent, provider
