"""A role's payload: read strictly, masked at once, shown to a model as data only."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.guardrails import as_data, mask_pii
from agent.prompts import Field, Role
from errors import BadInput

__all__ = ["Payload", "read_payload"]

MAX_ITEMS = 200
_MOST = 1e12  # of a number: beyond it nothing in a shop is counted
_QUOTED = 200  # characters of one message in an extract
_SPEAKERS = {
    "customer": "고객", "user": "고객", "guest": "고객",
    "assistant": "상담", "agent": "상담", "staff": "상담",
}  # fmt: skip
_CUSTOMER = "고객"
Line = tuple[str, str]
Value = str | int | float | tuple[str, ...] | tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Payload:
    """What was given, by field: text, a number, lines, or (speaker, line) of a history.

    Resident, card and account numbers and passwords are masked in it for good.
    """

    role: Role
    values: Mapping[str, Any]

    def tagged(self) -> str:
        """Every value in a tag of its field's name; nothing in a value can close one."""
        shown = ((name, as_data(_shown(value))) for name, value in self.values.items())
        return "\n".join(f"<{name}>\n{text}\n</{name}>" for name, text in shown)

    def told(self) -> dict[str, Any]:
        """The values an answer may rest on, by field: all but a customer's own words."""
        found: dict[str, Any] = {}
        for name, value in self.values.items():
            field = self.role.fields[name]
            if field.kind == "history" and field.said:
                found[name] = [text for who, text in value if who != _CUSTOMER]
            elif not field.said:
                found[name] = value
        return found

    def said(self) -> str:
        """A customer's own words: an answer may repeat them and promise nothing by them."""
        lines: list[str] = []
        for name, value in self.values.items():
            field = self.role.fields[name]
            if field.said and field.kind == "history":
                lines += (text for who, text in value if who == _CUSTOMER)
            elif field.said:
                lines.append(_shown(value))
        return "\n".join(lines)

    def fill(self) -> str:
        """The role's own wording, of the lines whose every place has a value."""
        values: dict[str, Any] = {}
        for name, value in self.values.items():
            if self.role.fields[name].kind == "history":
                values |= _extract(name, value)
            else:
                values[name] = value if isinstance(value, (int, float)) else _listed(value)
        lines = zip(self.role.offline, self.role.offline_places, strict=True)
        return "\n".join(line.fill(**values) for line, places in lines if places <= values.keys())


def read_payload(role: Role, payload: Mapping[str, Any]) -> Payload:
    """``payload`` as ``role`` takes it. Raises BadInput naming the field and what it takes."""
    if not isinstance(payload, Mapping):
        raise BadInput("payload는 항목 이름과 값의 객체여야 해요.")
    if unknown := [str(name)[:40] for name in payload if name not in role.fields]:
        raise BadInput(
            f"payload에 모르는 항목이 있어요: {', '.join(unknown[:5])}. "
            f"쓸 수 있는 항목: {_known(role)}"
        )
    values: dict[str, Any] = {}
    for name, field in role.fields.items():
        value = _READ[field.kind](field, payload.get(name))
        if value not in (None, "", ()):
            values[name] = value
        elif field.required:
            raise BadInput(f"payload에 꼭 있어야 하는 항목이 없어요: {name}({field.help})")
    return Payload(role, values)


def _known(role: Role) -> str:
    return ", ".join(f"{name}({field.help})" for name, field in role.fields.items())


def _text(field: Field, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise _wrong(field, "글")
    return _bounded(field, [value])[0]


def _number(field: Field, value: Any) -> float | int | None:
    if value is None:
        return None
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or abs(value) > _MOST:
        raise _wrong(field, "숫자")
    return int(value) if value == int(value) else float(value)


def _list(field: Field, value: Any) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value or []
    if not isinstance(items, Sequence) or not all(isinstance(item, str) for item in items):
        raise _wrong(field, "글의 목록")
    return tuple(text for text in _bounded(field, items) if text)


def _history(field: Field, value: Any) -> tuple[Line, ...]:
    items = value or []
    if not isinstance(items, Sequence) or not all(map(_is_line, items)):
        raise _wrong(field, f'{{"role": {" | ".join(_SPEAKERS)}, "text": 글}}의 목록')
    texts = _bounded(field, [item["text"] for item in items])
    who = [_SPEAKERS[item["role"]] for item in items]
    return tuple(line for line in zip(who, texts, strict=True) if line[1])


_READ: dict[str, Callable[[Field, Any], Any]] = {
    "text": _text,
    "number": _number,
    "list": _list,
    "history": _history,
}


def _is_line(item: Any) -> bool:
    return (
        isinstance(item, Mapping)
        and item.keys() == {"role", "text"}
        and isinstance(item["text"], str)
        and item["role"] in _SPEAKERS
    )


def _bounded(field: Field, texts: Sequence[str]) -> list[str]:
    """The texts stripped and masked. Raises BadInput when they are too long together."""
    if len(texts) > MAX_ITEMS:
        raise BadInput(f"payload의 {field.name} 항목에는 {MAX_ITEMS}개까지 적을 수 있어요.")
    if sum(map(len, texts)) > field.max_chars:
        raise BadInput(
            f"payload의 {field.name}({field.help}) 내용이 너무 길어요. "
            f"모두 {field.max_chars:,}자 안으로 줄여 주세요."
        )
    # Half a character (a lone surrogate) could not be sent on.
    whole = (text.encode("utf-8", "replace").decode() for text in texts)
    return [mask_pii(text.strip()).text for text in whole]


def _wrong(field: Field, what: str) -> BadInput:
    return BadInput(f"payload의 {field.name}({field.help}) 값을 쓸 수 없어요. 받는 값: {what}")


def _shown(value: Value) -> str:
    if not isinstance(value, tuple):
        return str(value)
    return "\n".join(f"- {item}" if isinstance(item, str) else ": ".join(item) for item in value)


def _listed(value: str | tuple[str, ...]) -> str:
    """Lines for a reader: a single one stands alone."""
    if isinstance(value, str):
        return value
    return value[0] if len(value) == 1 else "\n".join(f"· {item}" for item in value)


def _extract(name: str, lines: Sequence[Line]) -> dict[str, str]:
    """A history's places: the customer's first and last words and the desk's last."""
    asked = [_cut(text) for who, text in lines if who == _CUSTOMER]
    answered = [_cut(text) for who, text in lines if who != _CUSTOMER]
    found = {"first": asked[:1], "last": asked[1:][-1:], "answer": answered[-1:]}
    return {f"{name}_{key}": texts[0] for key, texts in found.items() if texts}


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _QUOTED else line[: _QUOTED - 1] + "…"
