"""What a conversation remembers: through JSON and back, for an hour, and cut short."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.memory import HISTORY_CHARS, HISTORY_TURNS, Asking, Context, compact
from store.models import to_text

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
TTL = timedelta(minutes=60)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ids = st.lists(texts, max_size=4).map(tuple)
# What flows keep with a question: plain values and lists of them.
values = st.one_of(st.none(), st.booleans(), st.integers(-9, 99), texts, st.lists(texts))
asking = st.builds(
    Asking, intent=texts, slot=texts, choices=ids, data=st.dictionaries(texts, values, max_size=4)
)
contexts = st.builds(
    Context, asking=st.none() | asking, intent=texts, order_id=texts, orders=ids,
    product_id=texts, products=ids, granted=ids, last_action=texts, ticket_id=texts,
)  # fmt: skip


def again(context: Context, *, after: timedelta = timedelta(0)) -> Context:
    """The context as the store gives it back ``after`` it was written."""
    kept = json.loads(json.dumps(context.dump(), ensure_ascii=False))
    return Context.load(kept, to_text(NOW), now=NOW + after, ttl=TTL)


@given(contexts)
def test_a_context_comes_back_from_the_store_as_it_was(context: Context) -> None:
    assert again(context) == context


@given(contexts)
def test_nothing_empty_is_kept(context: Context) -> None:
    assert all(context.dump().values())


@given(contexts, st.integers(0, 7200))
def test_it_is_forgotten_once_its_time_is_over(context: Context, seconds: int) -> None:
    loaded = again(context, after=timedelta(seconds=seconds))
    assert loaded == (context if seconds <= 3600 else Context())


def test_the_last_moment_still_counts() -> None:
    context = Context(order_id="o")
    assert again(context, after=TTL) == context
    assert again(context, after=TTL + timedelta(milliseconds=1)) == Context()


def test_a_context_without_a_time_is_forgotten() -> None:
    assert Context.load({"order_id": "o"}, None, now=NOW, ttl=TTL) == Context()
    assert Context.load({}, to_text(NOW), now=NOW, ttl=TTL) == Context()


def test_names_of_an_older_version_are_passed_over() -> None:
    kept = {"order_id": "o", "no_longer": 1}
    assert Context.load(kept, to_text(NOW), now=NOW, ttl=TTL) == Context(order_id="o")


def test_changing_makes_a_copy() -> None:
    context = Context(order_id="o")
    assert context.change(order_id="p").order_id == "p"
    assert context.order_id == "o"
    with pytest.raises(AttributeError):
        context.order_id = "q"  # type: ignore[misc]


messages = st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.text(max_size=700)))


@given(messages)
def test_a_compact_history_keeps_its_limits(history: list[tuple[str, str]]) -> None:
    short = compact(history)
    assert len(short) <= 2 * HISTORY_TURNS
    assert sum(len(text) for _, text in short) <= HISTORY_CHARS
    assert all(len(text) <= 300 for _, text in short)


@given(messages)
def test_a_compact_history_is_the_end_of_the_talk_in_order(
    history: list[tuple[str, str]],
) -> None:
    short = compact(history)
    newest = history[len(history) - len(short) :]
    for (role, text), (kept_role, kept) in zip(newest, short, strict=True):
        assert kept_role == role
        assert kept == text or (kept == text[:299] + "…" and len(text) > 300)


def test_one_very_long_message_does_not_push_the_history_out() -> None:
    history = [("user", "가" * 5000), ("assistant", "네")]
    assert compact(history) == [("user", "가" * 299 + "…"), ("assistant", "네")]
    assert len(compact([("user", "나" * 300)] * 9)) == HISTORY_CHARS // 300
    assert compact([]) == []
