"""Abuse: what is masked, what is refused, and what must never be taken for abuse."""

from __future__ import annotations

from pathlib import Path

import pytest
from guardrail_sentences import HARMLESS
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.guardrails import assess_abuse
from agent.guardrails.normalise import compose_jamo, fold, squeeze

DATA = Path(__file__).resolve().parents[4] / "shared" / "korean"

PURE = (
    """
시발|씨발|ㅅㅂ|ㅆㅂ|씨1발|시.발|시 발|시@발|씨이발|씨ㅂ|쉬발|ㅅㅣㅂㅏㄹ|ㅆㅣ발|시바알|아 시바
씨바|시💩발|시\u200b발
병신|ㅂㅅ|ㅄ|병1신|병-신|병신아|너 병신이냐|야 이 병신아|빙신아
개새끼|개색끼|개세끼|개 새 끼|이 새끼야|이새끼들|시발 새끼야|십새끼|ㄱㅅㄲ|개자식아
지랄|지랄하네|개지랄|ㅈㄹ|존나|좆같네|좆같은|ㅈ같네
미친놈|미친년|썅|쌍년|또라이|호로새끼|후레자식|개같은 놈|엠창|느금마|니애미
꺼져라|썩 꺼져|닥쳐|아가리 닥쳐|뒤져라|ㄲㅈ|fuck you|FUCK|ｓｈｉｔ|tlqkf|🖕|ㅗㅗ
""".replace("\n", "|")
    .strip("|")
    .split("|")
)

BESIDE_A_CONCERN = {
    "시발 환불해줘": "** 환불해줘",
    "배송 존나 느리네": "배송 ** 느리네",
    "병신같은 이어폰 소리가 안나요": "**같은 이어폰 소리가 안나요",
    "ㅅㅂ 언제 와요": "** 언제 와요",
    "아 씨발 짜증나": "아 ** 짜증나",
    "개새끼들아 내 돈 내놔": "**들아 내 돈 내놔",
    "이 새끼들 배송을 왜 안해": "**들 배송을 왜 안해",
    "씨1발 깨져서 왔잖아": "** 깨져서 왔잖아",
    "미친놈들아 상자가 다 찢어졌어": "**들아 상자가 다 찢어졌어",
    "Ｓｈｉｔ 또 불량이네": "** 또 불량이네",
    "좆같은 20261103-0000042 취소해": "**같은 20261103-0000042 취소해",
    "환불 안 해주면 죽여버린다": "환불 안 해주면 **다",
}


@pytest.mark.parametrize("text", PURE)
def test_nothing_but_abuse_is_pure(text: str) -> None:
    verdict = assess_abuse(text)
    assert verdict.level == "pure"
    assert "**" in verdict.masked_text


@pytest.mark.parametrize(("text", "masked"), BESIDE_A_CONCERN.items())
def test_abuse_beside_a_concern_is_masked_and_help_goes_on(text: str, masked: str) -> None:
    assert assess_abuse(text).level == "masked"
    assert assess_abuse(text).masked_text == masked


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_sentences_raise_no_alarm(text: str) -> None:
    verdict = assess_abuse(text)
    assert (verdict.level, verdict.masked_text) == ("none", text)


def test_there_are_enough_harmless_sentences() -> None:
    assert len(set(HARMLESS)) >= 100


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(HARMLESS), st.sampled_from(HARMLESS), st.sampled_from(["\n", ". ", "? "]))
def test_two_harmless_sentences_are_harmless(one: str, two: str, between: str) -> None:
    assert assess_abuse(f"{one}{between}{two}").level == "none"


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(HARMLESS), st.sampled_from(["시발", "ㅅㅂ", "씨1발", "병신", "개새끼"]))
def test_a_concern_is_never_refused_for_its_tone(concern: str, word: str) -> None:
    verdict = assess_abuse(f"{word} {concern}")
    assert verdict.level == "masked"
    assert verdict.masked_text.endswith(concern)


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=200))
def test_any_text_is_assessed_without_an_error(text: str) -> None:
    verdict = assess_abuse(text)
    assert (verdict.level in ("none", "likely")) == (verdict.masked_text == text)


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=80))
def test_a_view_maps_every_character_into_the_text(text: str) -> None:
    for view in (fold(text), compose_jamo(fold(text)), squeeze(text)):
        assert len(view.text) == len(view.starts) == len(view.ends)
        spans = list(zip(view.starts, view.ends, strict=True))
        assert all(0 <= start < end <= len(text) for start, end in spans)
        assert spans == sorted(spans)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("ㅅㅣㅂㅏㄹ", "시발"),
        ("ㅎㅏㄴㄱㅡㄹ", "한글"),
        ("시\u200b발", "시발"),
        ("\u1109\u1175\u1107\u1161\u11af", "시발"),
        ("ﾡﾢ", "ㄱㄲ"),
        ("ＡＢＣ１２３", "ABC123"),
        ("ㅋㅋㅋ", "ㅋㅋㅋ"),
        ("٣", "3"),
        ("㎏", "kg"),
    ],
)
def test_folding_reads_what_is_meant(typed: str, read: str) -> None:
    assert compose_jamo(fold(typed)).text == read


def _figures(rows: list[tuple[str, bool]]) -> tuple[float, float, float]:
    hits = [(assess_abuse(text).level in ("masked", "pure"), bad) for text, bad in rows]
    both = sum(1 for hit, bad in hits if hit and bad)
    precision = both / max(1, sum(hit for hit, _ in hits))
    recall = both / max(1, sum(bad for _, bad in hits))
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def test_figures_of_the_words_alone(capsys: pytest.CaptureFixture[str]) -> None:
    path = DATA / "curse_detection_2runo.txt"
    if not path.exists():
        pytest.skip("shared/korean is not here: the public comments are never copied")
    lines = [line.rsplit("|", 1) for line in path.read_text("utf-8").splitlines() if "|" in line]
    rows = [(text, label.strip() == "1") for text, label in lines[::2]]
    precision, recall, f1 = _figures(rows)
    with capsys.disabled():
        print(f"\n2runo: {len(rows)} rows, P {precision:.2f}, R {recall:.2f}, F1 {f1:.2f}")
    # korean.md: word lists reach F1 .18-.35, a normalising regex .42-.62.
    assert f1 > 0.6
    assert precision > 0.95
