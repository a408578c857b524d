"""A ticket in one line: the matter first, then what it is about."""

from __future__ import annotations

from agent.triage.summary import MOST_CHARS, one_line


def test_the_matter_comes_before_the_product() -> None:
    line = one_line(["환불받은 금액이 적어요.", "왜 그런가요?"], about="히알루론 수분크림")
    assert line == "환불받은 금액이 적어요. 왜 그런가요? · 히알루론 수분크림"


def test_the_product_never_shortens_the_matter() -> None:
    matter = "가" * (MOST_CHARS - 5)
    assert one_line([matter], about="히알루론 수분크림") == matter
    long = one_line(["나" * 300], about="히알루론 수분크림")
    assert len(long) == MOST_CHARS
    assert set(long) == {"나", "…"}
