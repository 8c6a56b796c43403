-- name: add_act(at, actor, act, subject, outcome)!
insert into acts (at, actor, act, subject, outcome) values (:at, :actor, :act, :subject, :outcome)

-- name: acts(count)
select at, actor, act, subject, outcome from acts order by seq desc limit :count
