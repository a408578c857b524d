"""Random lives of random orders: no sequence of actions breaks money, stock or ownership.

``make test`` plays some sequences, always the same ones; ``make test-engine`` 2,000 new ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from agent.shop.claims import FAULT_OF
from agent.shop.rules import Rules
from agent.shop.words import CLAIM_STATUS, ORDER_STATUS
from tests.agent.engine_play import Play
from tests.agent.engine_shop import OPTIONS, TinyShop, template

ROAD = "서울 중구 세종대로 110"
WHO = st.sampled_from(["owner"] * 14 + ["staff"] * 4 + ["other", "guest"])
STAFF = st.sampled_from(["staff"] * 14 + ["owner", "other", "guest"])
VERSION = st.sampled_from(["none"] * 8 + ["current"] * 4 + ["stale"])
INDEX = st.integers(0, 7)  # of whatever there is, counted round
# (line, pieces): 9 is one more than there are; 0 and -1 are no quantity at all.
PIECES = st.lists(
    st.tuples(INDEX, st.sampled_from([1] * 8 + [2] * 4 + [4] * 4 + [9, 0, -1])),
    min_size=1,
    max_size=3,
)
REASON = st.sampled_from(sorted(FAULT_OF))
METHOD = st.sampled_from([""] * 4 + ["card"] * 3 + ["gift"] * 3 + ["later", "somebody's"])
RULES = st.builds(
    Rules,
    free_shipping_threshold_krw=st.sampled_from([50_000, 50_000, 20_000, 0]),
    price_difference=st.booleans(),
    exchange_same_option=st.booleans(),
    claims_per_order_max=st.sampled_from([0, 0, 1, 2]),
    cancel_after_option_change=st.booleans(),
    option_changes_max=st.sampled_from([0, 0, 1]),
    refund_to_stored_value=st.booleans(),
)
ORDER_NO = st.integers(0, 1)
CLAIM_TO = st.sampled_from([""] * 12 + sorted(CLAIM_STATUS))
ORDER_TO = st.sampled_from([""] * 6 + sorted(ORDER_STATUS))
LINE = st.tuples(st.sampled_from(sorted(OPTIONS)), INDEX, st.integers(0, 1), st.integers(1, 4))
ORDER = st.fixed_dictionaries(
    {
        "lines": st.lists(LINE, min_size=1, max_size=4),
        "coupon_percent": st.just(0) | st.integers(0, 90),
        "shipping": st.sampled_from([0, 3000]),
        "paid_by": st.sampled_from(["nothing", "transfer", "card", "gift", "two"]),
        "status": st.sampled_from(["as it is", "preparing", "delivered", "delivered"]),
    }
)
ARGUMENTS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "rest": {},  # what a longer sequence shrinks to
    "cancel": {"who": WHO, "order": ORDER_NO, "version": VERSION, "pieces": st.none() | PIECES,
               "reason": REASON, "wrong_door": st.sampled_from([False] * 7 + [True])},
    "change_address": {"who": WHO, "order": ORDER_NO, "version": VERSION,
                       "road": st.sampled_from([ROAD, "집"])},
    "change_options": {"who": WHO, "order": ORDER_NO, "version": VERSION, "method": METHOD,
                       "changes": st.lists(st.tuples(INDEX, INDEX), min_size=1, max_size=2)},
    "change_payment": {"who": WHO, "order": ORDER_NO, "version": VERSION, "method": METHOD},
    "send_back": {"who": WHO, "order": ORDER_NO, "version": VERSION, "pieces": PIECES,
                  "reason": REASON, "method": METHOD},
    "exchange": {"who": WHO, "order": ORDER_NO, "version": VERSION, "pieces": PIECES,
                 "reason": REASON, "method": METHOD, "skus": st.tuples(INDEX, INDEX, INDEX)},
    "withdraw": {"who": WHO, "claim": INDEX, "version": VERSION},
    "advance_claim": {"who": STAFF, "claim": INDEX, "version": VERSION, "to": CLAIM_TO,
                      "note": st.sampled_from(["사유", "사유", " "])},
    "finish_claim": {"claim": INDEX, "days": st.sampled_from([0, 0, 0, 10, 400])},
    "advance_order": {"who": STAFF, "order": ORDER_NO, "version": VERSION, "to": ORDER_TO,
                      "parcel": st.sampled_from([True, True, True, False])},
    "pass_days": {"days": st.sampled_from([1, 1, 1, 3, 3, 8, 31, 95])},
    "take_back": {"order": ORDER_NO, "kind": st.sampled_from(["return", "exchange"]),
                  "pieces": PIECES, "skus": st.tuples(INDEX, INDEX, INDEX),
                  "way": st.sampled_from([("withdrawn",), ("rejected",),
                                          ("approved", "withdrawn")])},
    "look_at_what_is_allowed": {"order": ORDER_NO},
}  # fmt: skip
OFTEN = ["cancel", "change_options", "send_back", "exchange", "finish_claim", "advance_claim"]
STEPS = st.lists(
    st.sampled_from(list(ARGUMENTS) + OFTEN).flatmap(
        lambda name: st.tuples(st.just(name), st.fixed_dictionaries(ARGUMENTS[name]))
    ),
    min_size=8, max_size=24,
)  # fmt: skip


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return template(tmp_path_factory.mktemp("engine") / "template.db")


def _settings() -> settings:
    quick = {phase for phase in Phase if phase is not Phase.explain}  # explaining takes minutes
    if settings.get_current_profile_name() == "engine":
        return settings(phases=quick)
    return settings(max_examples=120, derandomize=True, deadline=None, database=None, phases=quick)


@_settings()
@given(rules=RULES, orders=st.tuples(ORDER, ORDER), steps=STEPS)
def test_no_sequence_of_actions_breaks_the_shop(
    source: Path, rules: Rules, orders: tuple[dict[str, Any], ...], steps: list[Any]
) -> None:
    shop = TinyShop.copy(source, source.with_name("copy.db"), rules)
    try:
        play = Play(shop, orders)
        for name, arguments in steps:
            play.step(name, arguments)
    finally:
        shop.close()


def test_a_part_of_a_line_is_exchanged(source: Path) -> None:
    """The pieces move to a line of their own, and both stay what they cost."""
    order = {"lines": [("P1", 0, 0, 3), ("P2", 0, 0, 1)], "coupon_percent": 10, "shipping": 0,
             "paid_by": "card", "status": "delivered"}  # fmt: skip
    shop = TinyShop.copy(source, source.with_name("copy.db"), Rules())
    try:
        play = Play(shop, (order, order))
        play.exchange("owner", 0, "none", [(0, 1)], "defect", "", (0, 0, 0))
        play.finish_claim(0, 0)
        lines = play.pick(0).lines
        assert [(x.sku, x.quantity) for x in lines] == [("P1-A", 2), ("P2-A", 1), ("P1-B", 1)]
    finally:
        shop.close()
