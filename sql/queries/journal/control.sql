-- name: control()^
select state, reason, killed, flatten from control

-- name: put_control(state, reason, killed, flatten)!
insert into control (only_row, state, reason, killed, flatten) values (1, :state, :reason, :killed, :flatten)
on conflict (only_row) do update set
    state = excluded.state, reason = excluded.reason, killed = excluded.killed,
    flatten = excluded.flatten

-- name: add_control_log(at, state, reason, actor)!
insert into control_log (at, state, reason, actor) values (:at, :state, :reason, :actor)

-- name: control_log(count)
select at, state, reason, actor from control_log order by seq desc limit :count
