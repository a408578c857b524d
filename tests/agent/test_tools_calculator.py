"""Sums: exact, in the signs customers type; whatever else is typed is refused at once."""

from __future__ import annotations

import random
from decimal import Decimal
from time import thread_time

import pytest

from agent.tools.base import ToolContext, run
from agent.tools.calculator import Calculation
from errors import BadInput
from services import Services
from tests.conftest import Caller, Clock

SLOWEST_S = 0.05  # of this thread's own time: a busy machine is no slow sum


@pytest.fixture
def work(tmp_path):
    """The tool on an empty database: it looks nothing up."""
    from store.database import Database

    database = Database(tmp_path / "none.db")
    with database.read() as tx:
        from agent.shop.rules import Rules

        context = ToolContext(tx, Caller(), Rules(), Clock()())
        yield lambda expression: run(context, "calculate", expression=expression)


@pytest.mark.parametrize(
    ("expression", "value", "text"),
    [
        ("3131.1 + 4777.75 + 367.38", "8276.23", "8,276.23"),
        ("0.1+0.2", "0.3", "0.3"),
        ("12,900 × 3 + 3,000원", "41700", "41,700"),
        ("12900*3+3000=", "41700", "41,700"),
        ("(3만원 + 5천원) ÷ 2", "17500", "17,500"),
        ("3만 5천원*2", "70000", "70,000"),
        ("2만5000원", "25000", "25,000"),
        ("1.5만", "15000", "15,000"),
        (".5+1", "1.5", "1.5"),
        ("007+1", "8", "8"),
        ("３０００＋２００", "3200", "3,200"),
        ("3x4", "12", "12"),
        ("-(2-5)*--4", "12", "12"),
        ("7−9", "-2", "-2"),
        ("₩10,000 − 3,000", "7000", "7,000"),
        ("30000-15%", "25500", "25,500"),
        ("30000 + 10퍼센트", "33000", "33,000"),
        ("30000*15%", "4500", "4,500"),
        ("100+50-10%", "135", "135"),
        ("15%+5%", "0.2", "0.2"),
        ("10000/3", "3333.3333", "약 3,333.3333"),
        ("2/3", "0.6667", "약 0.6667"),
        ("0.0000001*1", "0", "약 0"),
        ("-0", "0", "0"),
    ],
)
def test_sums_come_out_exactly_as_on_paper(work, expression, value, text):
    found = work(expression)
    assert found == Calculation(found.expression, Decimal(value), text)


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("", "숫자와"),
        ("안녕하세요", "숫자와"),
        ("1/0", "0으로는 나눌 수 없어요"),
        ("5/(3-3)", "0으로는 나눌 수 없어요"),
        ("0/0", "계산할 수 없는 식"),
        ("9**9**9", "숫자와"),
        ("9//2", "숫자와"),
        ("10%3", "숫자와"),
        ("10 % 3", "숫자와"),
        ("1,2+3", "숫자와"),
        ("1.2.3", "숫자와"),
        ("3 4", "숫자와"),
        ("(1)(2)", "숫자와"),
        ("~5", "숫자와"),
        ("1e99", "숫자와"),
        ("1_000", "숫자와"),
        ("3²", "숫자와"),
        ("½+1", "숫자와"),
        ("٣+٤", "숫자와"),
        ("1+(2", "숫자와"),
        ("999999999999999*10", "너무 커요"),
        ("1234567890123456", "너무 길어요"),
        ("1+" * 100 + "1", "200자"),
        ("(" * 21 + "1" + ")" * 21, "20겹"),
    ],
)
def test_what_is_no_sum_is_refused_with_what_would_be_accepted(work, expression, says):
    with pytest.raises(BadInput, match=says):
        work(expression)


def test_what_the_limits_still_allow(work):
    assert work("(" * 20 + "1" + ")" * 20).value == 1
    assert work("+".join("1" * 100)).value == 100
    assert work("-" * 199 + "1").value == -1


@pytest.mark.parametrize(
    "hostile",
    [
        "__import__('os').system('id')",
        "().__class__.__bases__[0].__subclasses__()",
        "(lambda: 1)()",
        "[x for x in (1,2)]",
        "open('/etc/passwd').read()",
        "'a'*10**9",
        'f"{1}"',
        "a:=5",
        "x=1",
        "1;2",
        "1\n2",
        "import os",
        "True+1",
        "1 if 1 else 2",
        "9**9**9**9",
        "9" * 10_000,
        "(" * 10_000 + ")" * 10_000,
        "9" * 150 + "*" + "9" * 40,
        "1/" + "0." + "0" * 150 + "1",
        "~" * 190 + "1",
        "-" * 100_000,
        "만" * 200,
        "3만" * 66,
        "%" * 200,
        "1%" * 100,
        "\x00",
        "1\u202e+2",
        "\ud800",
    ],
)
def test_hostile_input_is_refused_quickly(work, hostile):
    started = thread_time()
    with pytest.raises(BadInput):
        work(hostile)
    assert thread_time() - started < SLOWEST_S


def test_random_input_is_a_number_or_refused_and_never_slow(work):
    dice = random.Random(20261121)
    alphabet = list("0123456789" * 3 + "+-*/().,% ~=×÷−xX원만천억십퍼센트프로_'\"[]{}eE;:\n½²٣９（")
    numbers = 0
    for _ in range(3000):
        text = "".join(dice.choices(alphabet, k=dice.choice((3, 6, 12, 40, 199))))
        started = thread_time()
        try:
            found = work(text)
        except BadInput:
            pass
        else:
            numbers += 1
            assert found.value.is_finite()
            assert found.value.adjusted() < 15
        assert thread_time() - started < SLOWEST_S, text
    assert numbers > 50


def test_everybody_may_reckon(shop: Services, guest: Caller):
    assert shop.tool(guest, "calculate", expression="12900*3").value == 38700
