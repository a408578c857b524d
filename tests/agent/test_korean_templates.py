"""Particles, amounts and days in replies; and what every reply template must keep to."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from string import Formatter

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agent.flows import FLOWS
from agent.korean import Template, day_text, krw, moment_text
from agent.prompts import Prompts
from tests.conftest import ROOT

FOLDER = ROOT / "agent" / "prompts"
PAIRS = ("을/를", "은/는", "이/가", "과/와", "으로/로", "이에요/예요")


def fill(pair: str, word: object) -> str:
    return Template("{x:" + pair + "}").fill(x=word)


@pytest.mark.parametrize(
    ("word", "object_", "way", "is_"),
    [
        ("반품", "반품을", "반품으로", "반품이에요"),
        ("취소", "취소를", "취소로", "취소예요"),
        ("서울", "서울을", "서울로", "서울이에요"),  # ㄹ takes 로
        ("신용카드", "신용카드를", "신용카드로", "신용카드예요"),
        ("무통장입금", "무통장입금을", "무통장입금으로", "무통장입금이에요"),
        # Digits as they are read: 영 일 이 삼 사 오 육 칠 팔 구.
        ("DT-500", "DT-500을", "DT-500으로", "DT-500이에요"),
        ("1", "1을", "1로", "1이에요"),
        ("2", "2를", "2로", "2예요"),
        ("3", "3을", "3으로", "3이에요"),
        ("4", "4를", "4로", "4예요"),
        ("5", "5를", "5로", "5예요"),
        ("6", "6을", "6으로", "6이에요"),
        ("7", "7을", "7로", "7이에요"),
        ("8", "8을", "8로", "8이에요"),
        ("9", "9를", "9로", "9예요"),
        # Brackets at the end are read past.
        ("우리카드 (**** 6876)", "우리카드 (**** 6876)를", "우리카드 (**** 6876)로",
         "우리카드 (**** 6876)예요"),
        ("후드티(블랙/M)", "후드티(블랙/M)를", "후드티(블랙/M)로", "후드티(블랙/M)예요"),
        ("가을 (새 상품) ", "가을 (새 상품) 을", "가을 (새 상품) 로", "가을 (새 상품) 이에요"),
        # Signs that are not read are passed over.
        ("'반품'", "'반품'을", "'반품'으로", "'반품'이에요"),
        ("정말?", "정말?을", "정말?로", "정말?이에요"),
        # Latin letters by their name: L, M, N, R end in a consonant.
        ("블랙 M", "블랙 M을", "블랙 M으로", "블랙 M이에요"),
        ("블랙 L", "블랙 L을", "블랙 L로", "블랙 L이에요"),
        ("블랙 S", "블랙 S를", "블랙 S로", "블랙 S예요"),
        ("XL", "XL을", "XL로", "XL이에요"),
        ("", "를", "로", "예요"),
        ("!?", "!?를", "!?로", "!?예요"),
    ],
)  # fmt: skip
def test_particles_fit_the_word_before_them(word: str, object_: str, way: str, is_: str) -> None:
    assert fill("을/를", word) == object_
    assert fill("으로/로", word) == way
    assert fill("이에요/예요", word) == is_


@given(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), st.sampled_from(PAIRS))
def test_every_syllable_gets_one_of_the_two(syllable: str, pair: str) -> None:
    closed = (ord(syllable) - 0xAC00) % 28
    with_final, without = pair.split("/")
    wants_final = closed != 0 and not (pair == "으로/로" and closed == 8)
    assert fill(pair, syllable) == syllable + (with_final if wants_final else without)


@given(st.text(max_size=12), st.sampled_from(PAIRS))
def test_any_text_can_be_filled_in(text: str, pair: str) -> None:
    assert fill(pair, text).removeprefix(text) in pair.split("/")


def test_braces_in_a_value_are_text() -> None:
    assert Template("{x:을/를} 볼까요?").fill(x="{y}티") == "{y}티를 볼까요?"


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "0원"), (900, "900원"), (12900, "12,900원"), (1234567, "1,234,567원")]
)
def test_money(amount: int, text: str) -> None:
    assert krw(amount) == text
    assert Template("{x:원}").fill(x=amount) == text


def test_days_and_moments_are_korean_days() -> None:
    assert day_text(date(2026, 11, 3)) == "11월 3일(화)"
    assert Template("{x}까지").fill(x=date(2026, 1, 1)) == "1월 1일(목)까지"
    assert Template("{x:은/는}").fill(x=date(2026, 11, 22)) == "11월 22일(일)은"


@pytest.mark.parametrize(
    ("utc", "text"),
    [
        (datetime(2026, 11, 3, 5, 10, tzinfo=UTC), "11월 3일(화) 오후 2:10"),
        (datetime(2026, 11, 2, 15, 0, tzinfo=UTC), "11월 3일(화) 오전 12:00"),
        (datetime(2026, 11, 3, 3, 5, tzinfo=UTC), "11월 3일(화) 오후 12:05"),
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), "1월 1일(금) 오전 8:59"),
    ],
)
def test_moments_are_told_in_seoul(utc: datetime, text: str) -> None:
    assert moment_text(utc) == text
    assert Template("{x}").fill(x=utc) == text


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="title"):
        Template("{title:을/를} 취소할까요?").fill(order="x")


# ── the templates ────────────────────────────────────────────────────────────────────────

REPLIES = [
    pytest.param(name, text, id=f"{path.stem}.{name}")
    for path in sorted(FOLDER.glob("*.md"))
    for name, text in yaml.safe_load(path.read_text("utf-8")[4:].partition("\n---\n")[0])[
        "replies"
    ].items()
]
# A place at the end ("{note}", "{options}") is a sentence or a list of its own.
_ENDS = re.compile(r"(?:요|죠|[?}])[.?]?$")
_PLAIN_STYLE = re.compile(r"(?:습니다|입니다|합니다|됩니다|십시오|니까|한다|된다|이다)(?:[.?]|$)")
_INTERNAL = re.compile(
    r"intent|ticket|티켓|claim|클레임|slot|슬롯|handoff|핸드오프|tool|pending|fallback|null|None"
    r"|error|오류 코드|confidence|agent|에이전트|session|세션|LLM|프롬프트|order_id|sku",
    re.IGNORECASE,
)


def sentences(text: str) -> list[str]:
    """The sentences of a template, its places kept."""
    return [part for part in re.split(r"(?<=[.?])\s+", text.strip()) if part]


@pytest.mark.parametrize(("name", "text"), REPLIES)
def test_a_template_parses_and_names_known_particles(name: str, text: str) -> None:
    values: dict[str, object] = {}
    for _, place, spec, conversion in Formatter().parse(text):
        if place is None:
            continue
        assert re.fullmatch(r"[a-z_]+", place), f"{name}: {place!r}"
        assert conversion is None
        assert spec in ("", "원", *PAIRS), f"{name}: {spec!r}"
        values[place] = 12900
    said = Template(text).fill(**values)
    assert "{" not in said
    assert "}" not in said


@pytest.mark.parametrize(("name", "text"), REPLIES)
def test_a_template_is_polite_plain_and_quiet(name: str, text: str) -> None:
    assert "!" not in text
    assert not _PLAIN_STYLE.search(text), name
    for sentence in sentences(text):
        if sentence.endswith(": {options}"):
            continue  # a list after a colon
        assert _ENDS.search(sentence), f"{name}: {sentence!r}"


@pytest.mark.parametrize(("name", "text"), REPLIES)
def test_a_template_uses_no_words_of_the_inside(name: str, text: str) -> None:
    said = re.sub(r"\{[^}]*\}", "", text)
    assert not _INTERNAL.search(said), name


@pytest.mark.parametrize(("name", "text"), REPLIES)
def test_no_particle_is_fixed_behind_a_place(name: str, text: str) -> None:
    # "{title}을" would be wrong for half of the titles; money always ends in 원.
    wrong = re.search(r"\{[a-z_]+\}(?:을|를|은|는|이|가|과|와|으로|이에요|예요)(?![가-힣])", text)
    assert wrong is None, f"{name}: {wrong}"


def test_every_intent_has_a_file_and_an_instruction() -> None:
    prompts = Prompts.load(FOLDER)
    assert set(prompts.intents) == set(FLOWS)
    for intent in prompts.intents:
        common, _, own = prompts.instruction(intent).rpartition("\n\n")
        assert common
        assert own
    assert prompts.instruction("nothing") == common


def test_an_intents_own_reply_is_taken_before_the_common_one() -> None:
    prompts = Prompts.load(FOLDER)
    assert prompts.reply("handoff", "needs_account").startswith("로그인하시면 지금 대화를")
    assert prompts.reply("cancel", "needs_account", what="취소").startswith("취소는 로그인하시면")
    with pytest.raises(KeyError):
        prompts.reply("cancel", "no_such_reply")


@pytest.mark.parametrize("text", ["", "replies: {}", "---\nreplies: {}\n"])
def test_a_file_without_front_matter_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "broken.md").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r"broken\.md"):
        Prompts.load(tmp_path)
