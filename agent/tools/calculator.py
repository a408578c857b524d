"""Sums: what a customer would type into a pocket calculator, and nothing else.

The expression becomes plain ASCII first (only digits and signs are let through), then
``simpleeval`` walks its syntax tree with the few operators below: there are no names, no
calls, no powers, and every number is an exact decimal.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, DivisionByZero, Inexact, InvalidOperation, localcontext
from typing import Any

from simpleeval import InvalidExpression, SimpleEval

from agent.guardrails.numbers import parse_number
from agent.tools.base import ToolContext, tool
from errors import BadInput

__all__ = ["Calculation", "calculate"]

MAX_CHARS = 200
MAX_NESTING = 20
MAX_DIGITS = 15  # before the point, of a number and of the result
PRECISION = 40
MAX_PLACES = 6  # behind the point; longer ones and those without an end are rounded
ROUNDED_TO = Decimal("0.0001")
ACCEPTED = "숫자와 + - × ÷ %, 괄호로 적어 주세요. 예: 12,900 × 3 + 3,000"

# Typed on a Korean keyboard or pasted: full-width signs, multiplication and minus signs.
_SIGNS = {0xFF01 + i: 0x21 + i for i in range(94)} | {
    ord(sign): plain
    for plain, signs in {"*": "×✕✖∗", "/": "÷", "-": "−–—", " ": "\u3000\u00a0", "": "₩￦"}.items()
    for sign in signs
}
_NUMBER = re.compile(
    r"(?P<number>(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+)"
    r"(?P<units>[십백천만억](?:\s?[0-9]{1,4}[십백천만]|[0-9]{1,4}(?![0-9.,]))*)?"
    r"(?P<percent>\s?(?:%|퍼센트|프로))?(?:\s?원)?"
)
_PLAIN = re.compile(r"[0-9.+\-*/() ~]+")


@dataclass(frozen=True, slots=True)
class Calculation:
    """A sum and what it comes to.

    ``value`` is exact, or rounded to four places where it does not end; ``text`` is how it
    is said ("8,276.23", "약 3,333.3333").
    """

    expression: str
    value: Decimal
    text: str


@tool("READ")
def calculate(ctx: ToolContext, *, expression: str) -> Calculation:
    """Work out a sum: + - × ÷, brackets and percent, with 원, 천원 and 만원 read as numbers.

    A percentage after + or - is one of what stands before it, as on a pocket calculator
    ("30000 - 15%" is 25500). Raises BadInput for anything else, for a division by zero, and
    beyond 200 characters, 20 brackets inside each other or 15 digits.
    """
    shown = " ".join(expression[: MAX_CHARS + 1].split())
    value, exact = _evaluate(_to_ascii(expression))
    if exact and _places(value) <= MAX_PLACES:
        return Calculation(shown, value, _written(value))
    value = value.quantize(ROUNDED_TO, ROUND_HALF_UP)
    return Calculation(shown, value, f"약 {_written(value)}")


class _Percent(Decimal):
    """A number with a percent sign behind it."""


def _plain(value: Decimal) -> Decimal:
    return value / 100 if isinstance(value, _Percent) else value


def _on(step: Callable[[Any, Any], Any]) -> Callable[[Decimal, Decimal], Decimal]:
    """Add or take away; a percentage is one of the left side."""

    def work(left: Decimal, right: Decimal) -> Decimal:
        if isinstance(right, _Percent) and not isinstance(left, _Percent):
            right = left * right / 100
        return Decimal(step(_plain(left), _plain(right)))

    return work


def _by(step: Callable[[Any, Any], Any]) -> Callable[[Decimal, Decimal], Decimal]:
    return lambda left, right: Decimal(step(_plain(left), _plain(right)))


class _Evaluator(SimpleEval):  # type: ignore[misc]  # the library has no types
    """simpleeval with decimals, and nothing but numbers and the operators below."""

    nodes: dict[type[ast.AST], Any]

    def __init__(self) -> None:
        super().__init__(
            operators={
                ast.Add: _on(operator.add),
                ast.Sub: _on(operator.sub),
                ast.Mult: _by(operator.mul),
                ast.Div: _by(operator.truediv),
                ast.UAdd: lambda value: value,
                ast.USub: lambda value: type(value)(-value),
                ast.Invert: _Percent,  # "15%" was written "~15"
            },
            functions={},
            names={},
        )
        kept = (ast.Expr, ast.UnaryOp, ast.BinOp)
        self.nodes = {node: self.nodes[node] for node in kept}
        self.nodes[ast.Constant] = self._number

    def _number(self, node: ast.Constant) -> Decimal:
        # From the text: 3131.1 is exact there, not in the float that Python made of it.
        return Decimal(self.expr[node.col_offset : node.end_col_offset])


def _to_ascii(expression: str) -> str:
    """The expression with every number written out in plain digits."""
    if len(expression) > MAX_CHARS:
        raise BadInput(f"식이 너무 길어요. {MAX_CHARS}자 안으로 줄여서 {ACCEPTED}")
    text = expression.translate(_SIGNS).rstrip(" =?").replace("~", "?")  # "~" is ours alone
    text = _NUMBER.sub(_digits, text)
    text = " ".join(re.sub(r"\)\s?원", ")", re.sub("[xX]", "*", text)).split())
    if not _PLAIN.fullmatch(text) or not any(sign.isdigit() for sign in text):
        raise BadInput(f"계산할 수 없는 글자가 있어요. {ACCEPTED}")
    depth = deepest = 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        deepest = max(deepest, depth)
    if deepest > MAX_NESTING:
        raise BadInput(f"괄호가 너무 많이 겹쳐 있어요. {MAX_NESTING}겹 안으로 {ACCEPTED}")
    return text


def _digits(match: re.Match[str]) -> str:
    # A zero in front reads ".5만" as well, and keeps Python from refusing "007".
    value = parse_number("0" + match["number"] + (match["units"] or ""))
    if value is None or value.adjusted() >= MAX_DIGITS:
        raise BadInput(f"숫자가 너무 길어요. {MAX_DIGITS}자리 안으로 {ACCEPTED}")
    return f" ~{value:f} " if match["percent"] else f" {value:f} "


def _evaluate(text: str) -> tuple[Decimal, bool]:
    """The value, and whether it is exact."""
    with localcontext(prec=PRECISION) as context:
        context.clear_flags()
        try:
            value = _plain(_Evaluator().eval(text))
        except (DivisionByZero, ZeroDivisionError) as error:
            raise BadInput("0으로는 나눌 수 없어요. 나누는 수를 바꿔 주세요.") from error
        except InvalidOperation as error:  # 0 ÷ 0
            raise BadInput(f"계산할 수 없는 식이에요. {ACCEPTED}") from error
        except (InvalidExpression, SyntaxError, RecursionError, TypeError) as error:
            raise BadInput(f"식을 이해하지 못했어요. {ACCEPTED}") from error
        if value.adjusted() >= MAX_DIGITS:
            raise BadInput(f"계산 결과가 너무 커요. {MAX_DIGITS}자리 안에서 계산해 드려요.")
        return value, not context.flags[Inexact]


def _places(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def _written(value: Decimal) -> str:
    """12900 → "12,900", 8276.230 → "8,276.23"."""
    text = f"{value:,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text
