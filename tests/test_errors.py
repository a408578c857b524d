"""The tree of errors is the one its module documents."""

from __future__ import annotations

import inspect
import re

import pytest

import errors
from errors import BadInput, NotAllowedNow, NotFound, SangdamError, TooMany

CLASSES = [
    cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, Exception)
]
_ROW = re.compile(r"^\s*(?P<bars>[│├└─ ]*)(?P<name>[A-Z]\w+)(?:\s+(?P<status>\d{3}))?(?:\s|$)")


def documented() -> dict[str, tuple[str, int]]:
    """Class → (its parent, its status) as drawn in the module's docstring."""
    found: dict[str, tuple[str, int]] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines()[2:]:
        row = _ROW.match(line)
        if row is None or (above and not row["bars"].strip()):
            continue
        depth = row.start("name")
        while above and above[-1][0] >= depth:
            above.pop()
        found[row["name"]] = (above[-1][1] if above else "Exception", int(row["status"] or 500))
        above.append((depth, row["name"]))
    return found


def test_the_drawing_holds_every_class_and_no_other() -> None:
    assert set(documented()) == {cls.__name__ for cls in CLASSES} == set(errors.__all__)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_parent_and_status_are_as_drawn(cls: type[SangdamError]) -> None:
    parent, status = documented()[cls.__name__]
    assert cls.__bases__[0].__name__ == parent
    assert cls.http_status == status


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_class_has_a_docstring_and_a_snake_case_code(cls: type[SangdamError]) -> None:
    assert cls.__doc__
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", cls.__dict__["code"])


def test_no_two_classes_share_a_code() -> None:
    codes = [cls.__dict__["code"] for cls in CLASSES]
    assert len(set(codes)) == len(codes)


def test_a_code_of_ones_own_changes_that_error_alone() -> None:
    error = BadInput("다시 적어 주세요.", code="no_street")
    assert (error.code, str(error), error.message) == (
        "no_street", "다시 적어 주세요.", "다시 적어 주세요.",
    )  # fmt: skip
    assert BadInput.code == "bad_input"
    assert BadInput("다시 적어 주세요.").code == "bad_input"


def test_what_some_errors_carry() -> None:
    refused = NotAllowedNow("지금은 안 돼요.", allowed=("track",), code="not_cancellable")
    assert (refused.allowed, refused.code, refused.http_status) == (
        ("track",), "not_cancellable", 409,
    )  # fmt: skip
    assert NotAllowedNow("지금은 안 돼요.").allowed == ()
    late = TooMany("나중에 다시 해 주세요.", retry_after_s=60)
    assert (late.retry_after_s, late.code, late.http_status) == (60, "too_many_requests", 429)


def test_one_handler_catches_all_of_them() -> None:
    with pytest.raises(SangdamError):
        raise NotFound("없어요.")
