"""What the dashboard counts, kept ready by triggers: aggregating a million turns takes seconds.

``figures_turns``, ``figures_latency`` and ``figures_flags`` count turns by hour, ``hour`` being
Asia/Seoul's (``2026-11-21T09``). ``figures_latency.ms`` is rounded to two significant digits.
``figures_talks`` holds a row a conversation: when it began, where it came from, and what the
customer made of it. All of it follows from the other tables: an export leaves it out, and
:func:`fill` makes it anew.

``turns.unanswered`` is 1 where the policies held no answer.
"""

from __future__ import annotations

from store.database import Tx

__all__ = ["CLEAR", "TABLES", "TRIGGERS", "apply", "count_on", "fill"]

_HOUR = "coalesce(strftime('%Y-%m-%dT%H', {0}.created_at, '+9 hours'), '')"
_MS = (
    "case when {0}.latency_ms < 100 then round({0}.latency_ms) "
    "when {0}.latency_ms < 1000 then round({0}.latency_ms / 10) * 10 "
    "when {0}.latency_ms < 10000 then round({0}.latency_ms / 100) * 100 "
    "else round({0}.latency_ms / 1000) * 1000 end"
)
# Table → its columns; the key comes first.
TABLES = {
    "figures_turns": (
        "hour text not null, source text not null, intent text not null, status text not null, "
        "turns integer not null, unanswered integer not null, fallbacks integer not null, "
        "primary key (hour, source, intent, status)"
    ),
    "figures_latency": (
        "hour text not null, source text not null, provider text not null, ms integer not null, "
        "turns integer not null, primary key (hour, source, provider, ms)"
    ),
    "figures_flags": (
        "hour text not null, source text not null, flag text not null, turns integer not null, "
        "primary key (hour, source, flag)"
    ),
    "figures_talks": (
        "conversation_id text not null primary key, hour text not null, started_at text not null, "
        "source text not null, turns integer not null, cost_usd real not null, "
        "unpriced integer not null, last_turn_id text, rated integer, acted integer not null, "
        "verdict text, handed integer not null"
    ),
}
_INDEXES = (
    # Everything the counts of conversations read, so that no row itself is looked up.
    "create index ix_figures_talks_hour on figures_talks "
    "(hour, source, handed, verdict, rated, acted, turns, cost_usd, unpriced)",
    "create index ix_figures_talks_started on figures_talks (started_at)",
    "create index ix_turns_intent on turns (intent, created_at)",
    "create index ix_turns_flagged on turns (created_at) where guardrails <> '[]'",
    "create index ix_turns_unanswered on turns (created_at) where unanswered",
    "create index ix_turns_fallback on turns (created_at) where fallbacks > 0",
    "create index ix_turns_broken on turns (created_at) where status <> 'done'",
    "create index ix_pending_actions_conversation on pending_actions (conversation_id, status)",
    "create index ix_feedback_created on feedback (created_at, rating, reason, message_id)",
    "create index ix_claims_created on claims (created_at)",
    # A ticket's clocks, read without its texts.
    "create index ix_tickets_created on tickets (created_at, priority, status, "
    "first_responded_at, first_response_due, resolved_at, resolution_due, resolution_from, "
    "waiting_since, waited_s, handoff_reason, reopens, conversation_id, issue_type)",
)


def _counted(row: str, step: str) -> str:
    """Statements that count a turn in (``+``) or out (``-``)."""
    hour, source = _HOUR.format(row), f"coalesce({row}.source, 'chat')"
    return f"""
insert into figures_turns values ({hour}, {source}, coalesce({row}.intent, ''), {row}.status,
    {step}1, {step}{row}.unanswered, {step}(coalesce({row}.fallbacks, 0) > 0))
  on conflict do update set turns = turns + excluded.turns,
    unanswered = unanswered + excluded.unanswered, fallbacks = fallbacks + excluded.fallbacks;
insert into figures_latency select {hour}, {source}, coalesce({row}.provider, ''),
    {_MS.format(row)}, {step}1 where {row}.status = 'done' and {row}.latency_ms is not null
  on conflict do update set turns = turns + excluded.turns;
insert into figures_flags select distinct {hour}, {source}, value, {step}1
    from json_each(case when json_valid({row}.guardrails) then {row}.guardrails else '[]' end)
    where true on conflict do update set turns = turns + excluded.turns;
"""


_VERDICT = (
    "(select verdict from tickets where conversation_id = {0} and verdict is not null "
    "order by verdict_at desc limit 1)"
)
_HANDED = (
    "exists (select 1 from tickets where conversation_id = {0} and handoff_reason is not null)"
)
_ACTED = (
    "exists (select 1 from pending_actions where conversation_id = {0} and status = 'executed')"
)
_NEW = "new.conversation_id"
_TICKET = (
    f"update figures_talks set verdict = {_VERDICT.format(_NEW)}, handed = {_HANDED.format(_NEW)} "
    "where conversation_id = new.conversation_id;"
)
_ACTION = "update figures_talks set acted = 1 where conversation_id = new.conversation_id;"
_RATED = (
    "update figures_talks set rated = new.rating where conversation_id = "
    "(select conversation_id from messages where message_id = new.message_id) and last_turn_id = "
    "(select turn_id from messages where message_id = new.message_id);"
)
# A ticket may be older than its chat's first turn: it is made while that turn runs.
_TALK = f"""
insert into figures_talks values (new.conversation_id, {_HOUR.format("new")}, new.created_at,
    coalesce(new.source, 'chat'), 1, coalesce(new.cost_usd, 0.0), new.cost_usd is null,
    case when new.status = 'done' then new.turn_id end, null, {_ACTED.format(_NEW)},
    {_VERDICT.format(_NEW)}, {_HANDED.format(_NEW)})
  on conflict do update set turns = turns + 1, cost_usd = cost_usd + excluded.cost_usd,
    unpriced = unpriced + excluded.unpriced,
    rated = case when excluded.last_turn_id is null then rated end,
    last_turn_id = coalesce(excluded.last_turn_id, last_turn_id);
"""
# Name → when it runs, and what it does.
TRIGGERS = {
    "figures_turn_new": ("insert on turns", _counted("new", "+") + _TALK),
    "figures_turn_gone": ("delete on turns", _counted("old", "-")),
    "figures_talk_gone": (
        "delete on conversations",
        "delete from figures_talks where conversation_id = old.conversation_id;",
    ),
    "figures_rated": ("insert on feedback", _RATED),
    "figures_rerated": ("update of rating on feedback", _RATED),
    "figures_acted": (
        "update of status on pending_actions when new.status = 'executed'", _ACTION,
    ),
    "figures_acted_new": ("insert on pending_actions when new.status = 'executed'", _ACTION),
    "figures_ticket_new": (
        "insert on tickets when new.conversation_id is not null", _TICKET,
    ),
    "figures_ticket": (
        "update of verdict, handoff_reason, conversation_id on tickets "
        "when new.conversation_id is not null",
        _TICKET,
    ),
}  # fmt: skip
CLEAR = tuple(f"delete from {table}" for table in TABLES)
_FILL = (
    f"insert into figures_turns select {_HOUR.format('t')}, coalesce(t.source, 'chat'), "
    "coalesce(t.intent, ''), t.status, count(*), total(t.unanswered), "
    "total(coalesce(t.fallbacks, 0) > 0) from turns t group by 1, 2, 3, 4",
    f"insert into figures_latency select {_HOUR.format('t')}, coalesce(t.source, 'chat'), "
    f"coalesce(t.provider, ''), {_MS.format('t')}, count(*) from turns t "
    "where t.status = 'done' and t.latency_ms is not null group by 1, 2, 3, 4",
    f"insert into figures_flags select {_HOUR.format('t')}, coalesce(t.source, 'chat'), f.value, "
    "count(distinct t.turn_id) from turns t, json_each(case when json_valid(t.guardrails) "
    "then t.guardrails else '[]' end) f where t.guardrails <> '[]' group by 1, 2, 3",
    # Of several rows of a group, SQLite takes the bare columns from the one that has the minimum.
    f"insert into figures_talks select conversation_id, {_HOUR.format('t')}, min(created_at), "
    "coalesce(source, 'chat'), count(*), total(cost_usd), sum(cost_usd is null), "
    "(select turn_id from turns l where l.conversation_id = t.conversation_id "
    "and l.status = 'done' order by created_at desc, rowid desc limit 1), null, "
    f"{_ACTED.format('t.conversation_id')}, {_VERDICT.format('t.conversation_id')}, "
    f"{_HANDED.format('t.conversation_id')} from turns t group by conversation_id",
    "update figures_talks set rated = f.rating from feedback f join messages m using (message_id) "
    "where m.conversation_id = figures_talks.conversation_id "
    "and m.turn_id = figures_talks.last_turn_id",
)


def apply(tx: Tx) -> None:
    """Add the column, the tables and the indexes, count what is there, keep counting."""
    tx.execute("alter table turns add column unanswered integer not null default 0")
    for name, columns in TABLES.items():
        tx.execute(f"create table {name} ({columns}) without rowid")
    for statement in _INDEXES:
        tx.execute(statement)
    fill(tx)
    count_on(tx)


def count_on(tx: Tx) -> None:
    """Have every change counted from now on."""
    for name, (event, work) in TRIGGERS.items():
        tx.execute(f"create trigger {name} after {event} begin {work} end")


def fill(tx: Tx) -> None:
    """Count everything anew from the tables it follows from."""
    for statement in (*CLEAR, *_FILL):
        tx.execute(statement)
