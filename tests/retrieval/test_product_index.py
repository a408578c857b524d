"""The catalogue's index: meaning, misspelt names, filters, what is alike, building again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from retrieval import CongEncoder, KoreanTokenizer
from retrieval.products import ProductIndex, ProductText
from retrieval.spelling import Spelling, count_words, initials, squeezed, write_spelling

THINGS = (
    ProductText("A1", "소리담 무선 이어폰 SD-300", "전자", "소리담", 69_000,
                "잡음을 줄여 주는 이어폰입니다.", ("이어폰", "블루투스 이어폰"), {"방수": "IPX5"},
                ("블랙", "화이트")),
    ProductText("A2", "소리담 헤드폰 SH-20", "전자", "소리담", 99_000, "귀를 덮는 헤드폰입니다.",
                ("헤드폰", "헤드셋")),
    ProductText("B1", "물결 유리 물병", "주방", "물결", 18_000, "유리로 만든 물병입니다.",
                ("물병", "유리병"), {}, ("500ml", "1L")),
    ProductText("B2", "물결 스테인리스 텀블러", "주방", "물결", 25_000,
                "뜨거운 커피를 담아도 오래 따뜻합니다.", ("텀블러", "보온병")),
    ProductText("C1", "숲속 가습기 물안개", "생활", "숲속", 54_000,
                "방이 건조할 때 쓰는 가습기입니다.", ("가습기", "미니 가습기")),
)  # fmt: skip


@pytest.fixture(scope="module")
def index(
    tokenizer: KoreanTokenizer, encoder: CongEncoder, tmp_path_factory: pytest.TempPathFactory
) -> ProductIndex:
    made = ProductIndex(tmp_path_factory.mktemp("products"), tokenizer, encoder)
    assert made.version is None
    assert not made.usable
    made.build(THINGS, version=7)
    return made


def first(index: ProductIndex, query: str, **filters: object) -> str:
    hits = index.search(query, **filters).hits  # type: ignore[arg-type]
    return hits[0].product_id if hits else ""


@pytest.mark.parametrize(
    ("query", "product_id"),
    [
        ("블루투스 이어폰", "A1"), ("커피 담아 다닐 병", "B2"), ("방이 너무 건조해요", "C1"),
        ("SD-300", "A1"), ("sd300", "A1"), ("sd 300", "A1"), ("SH-20", "A2"), ("유리병", "B1"),
        ("IPX5", "A1"), ("1L", "B1"),
        ("이어퐁", "A1"), ("텀불러", "B2"), ("헤드셋이요", "A2"), ("가슴기", "C1"),
        ("ㅌㅂㄹ", "B2"), ("ㄱㅅㄱ", "C1"),
    ],
)  # fmt: skip
def test_the_right_one_comes_first(index: ProductIndex, query: str, product_id: str) -> None:
    assert first(index, query) == product_id


@pytest.mark.parametrize("query", ["", " ", "🎧", "?", "ㅋㅋ", "가" * 4000, "\ud800", "a"])
def test_any_text_is_answered(index: ProductIndex, query: str) -> None:
    found = index.search(query)
    assert found.mode_used in ("hybrid", "keyword", "vector", "none")
    assert found.hits or found.notice


def test_words_that_are_right_are_left_alone(index: ProductIndex) -> None:
    for query in ("이어폰은", "무선이어폰", "고양이 모래", "자전거", "조용하게 막아주는", "커튼"):
        assert index.corrected(query) == query


def test_every_stage_is_told(index: ProductIndex) -> None:
    found = index.search("무선 이어폰")
    assert found.mode_used == "hybrid"
    best = found.hits[0]
    assert best.ranks.keyword == best.ranks.fused == 1
    assert best.scores.keyword
    assert best.scores.vector
    assert index.search("무선 이어폰", mode="keyword").mode_used == "keyword"


def test_filters_are_loose_on_prices_and_strict_on_the_category(index: ProductIndex) -> None:
    assert first(index, "물병", category="전자") != "B1"
    assert first(index, "이어폰", max_price_krw=60_000) == "A1"  # a quarter off may have changed
    found = index.search("이어폰", max_price_krw=40_000)
    assert "A1" not in [hit.product_id for hit in found.hits]
    assert index.search("이어폰", category="없음").notice == "nothing_in_force"


def test_alike_ones_without_itself(index: ProductIndex) -> None:
    near = index.similar("A1")
    assert near[0][0] == "A2"
    assert "A1" not in [product_id for product_id, _ in near]
    assert [one for one, _ in index.similar("B1", category="주방")] == ["B2"]
    assert index.similar("없는 상품") == []


def test_only_what_changed_is_read_again(
    tokenizer: KoreanTokenizer, encoder: CongEncoder, tmp_path: Path
) -> None:
    index = ProductIndex(tmp_path, tokenizer, encoder)
    assert index.build(THINGS, version=1).added == 5
    changed = (replace(THINGS[0], name="소리담 골전도 이어폰 SD-900"), *THINGS[2:])
    report = index.build(changed, version=2)
    assert (report.added, report.changed, report.removed, report.unchanged) == (0, 1, 1, 3)
    assert index.version == 2
    assert first(index, "sd900") == "A1"
    assert "SD-300".lower() not in index.corrected("sd300")
    report = index.build(changed, version=3)
    assert (report.unchanged, index.version) == (4, 3)


def test_a_damaged_state_is_no_state(
    tokenizer: KoreanTokenizer, encoder: CongEncoder, tmp_path: Path
) -> None:
    index = ProductIndex(tmp_path, tokenizer, encoder)
    index.build(THINGS, version=4)
    (tmp_path / "CATALOGUE.json").write_text("{", "utf-8")
    assert index.version is None
    for words in tmp_path.glob("words-*"):
        for file in words.iterdir():
            file.unlink()
    fresh = ProductIndex(tmp_path, tokenizer, encoder)
    assert first(fresh, "이어폰") == "A1"  # without its words it corrects nothing
    assert fresh.corrected("이어퐁") == "이어퐁"


def test_spelling_compares_letters(tmp_path: Path) -> None:
    write_spelling(tmp_path / "words", count_words(["이어폰 텀블러 보조배터리 SW-200", "이어폰"]))
    spelling = Spelling(tmp_path / "words")
    assert spelling.known("sw 200") == spelling.known("SW200") == "sw-200"
    assert spelling.nearest("보조베터리") == "보조배터리"
    assert spelling.nearest("보저베터리") == "보조배터리"  # two letters of a long word
    assert spelling.nearest("이러펀") is None  # two of a short one
    assert spelling.nearest("abc") is None
    assert spelling.begun_by("ㅇㅇㅍ") == ["이어폰"]
    assert (initials("텀블러"), initials("a"), squeezed("SW-200")) == ("ㅌㅂㄹ", "", "sw200")


def test_no_words_at_all(tmp_path: Path) -> None:
    write_spelling(tmp_path / "words", {})
    spelling = Spelling(tmp_path / "words")
    assert spelling.known("이어폰") is None
    assert spelling.nearest("이어폰") is None
    assert spelling.begun_by("ㅇㅇㅍ") == []
