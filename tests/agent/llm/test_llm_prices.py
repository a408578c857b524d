"""What a call costs, and what it used where a server does not say."""

from __future__ import annotations

import pytest

from agent.llm import usage as counts
from agent.llm.config import Price
from agent.llm.prices import cost_usd, price_of
from agent.llm.types import ChatMessage, Picture, ToolCall, ToolSpec, Usage

PRICE = Price(input=2.0, output=10.0, cache_read=0.2, cache_write=2.5)


def test_each_kind_of_token_has_its_price() -> None:
    usage = Usage(1_000_000, 100_000, cached_tokens=600_000, cache_write_tokens=200_000)
    # 200,000 plain, 600,000 read, 200,000 written, 100,000 out.
    assert cost_usd(usage, PRICE, local=False) == pytest.approx(0.4 + 0.12 + 0.5 + 1.0)


def test_without_prices_of_its_own_a_cache_costs_like_input() -> None:
    usage = Usage(1_000_000, 0, cached_tokens=600_000, cache_write_tokens=200_000)
    assert cost_usd(usage, Price(input=2.0, output=10.0), local=False) == pytest.approx(2.0)


def test_a_cache_that_costs_nothing_is_not_priced_as_input() -> None:
    price = Price(input=2.0, output=10.0, cache_read=0.0)
    assert cost_usd(Usage(1_000_000, 0, cached_tokens=1_000_000), price, local=False) == 0.0


def test_more_cached_than_sent_never_gives_money_back() -> None:
    assert cost_usd(Usage(10, 0, cached_tokens=50), PRICE, local=False) == pytest.approx(1e-5)


def test_a_local_model_costs_nothing_and_an_unknown_one_an_unknown_sum() -> None:
    assert cost_usd(Usage(100, 100), None, local=True) == 0.0
    assert cost_usd(Usage(100, 100), PRICE, local=True) == 0.0
    assert cost_usd(Usage(100, 100), None, local=False) is None


def test_a_price_is_found_by_the_model_asked_for_then_by_the_one_that_answered() -> None:
    prices = {"a:big": PRICE, "a:big-2026": Price(input=1, output=1), "b:big": PRICE}
    assert price_of(prices, "a", "big", "big-2026") is PRICE
    assert price_of(prices, "a", "", "big-2026") is prices["a:big-2026"]
    assert price_of(prices, "c", "big") is None


def test_three_bytes_are_a_token_and_a_picture_a_thousand() -> None:
    assert counts.text_tokens("배송은") == 3
    assert counts.text_tokens("four") == 2
    assert counts.text_tokens("") == 0
    message = ChatMessage("user", "사진", (Picture("image/png", b"x"), Picture("image/png", b"y")))
    assert counts.input_tokens([message]) == 2002


def test_tools_calls_and_schemas_count_as_they_are_sent() -> None:
    spec = ToolSpec("find", "상품을 찾아요", {"type": "object"})
    plain = counts.input_tokens([ChatMessage("user", "네")])
    assert counts.input_tokens([ChatMessage("user", "네")], [spec]) > plain + 8
    assert counts.input_tokens([ChatMessage("user", "네")], schema={"type": "object"}) == plain + 6
    call = ToolCall("1", "find", '{"query": "컵"}')
    assert counts.input_tokens([ChatMessage("assistant", "네", calls=(call,))]) > plain


def test_broken_letters_are_counted_not_raised() -> None:
    assert counts.text_tokens("\ud800abc") == 2


def test_an_estimate_says_that_it_is_one_and_so_does_its_sum() -> None:
    guess = counts.usage_of(50, "세 글자", [ToolCall("1", "find", "{}")])
    assert guess == Usage(50, 4 + 2, estimated=True)
    assert counts.added([Usage(1, 2, 3, 4), guess]) == Usage(51, 8, 3, 4, True)
    assert counts.added([]) == Usage()


@pytest.mark.parametrize(
    ("usage", "told"), [(None, False), (Usage(), False), (Usage(0, 1), True), (Usage(5, 0), True)]
)
def test_zeros_are_no_count(usage: Usage | None, told: bool) -> None:
    assert counts.was_told(usage) is told
