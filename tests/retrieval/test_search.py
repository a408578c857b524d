"""Searching: modes, ranks, who sees what when, and everything that can be missing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval import CongEncoder, PolicyIndex, PolicySearch
from retrieval.search import NOTICES
from retrieval.types import Hit
from tests.retrieval.conftest import TODAY, make_document, shop_documents

MODES = ("hybrid", "keyword", "vector")


def documents_of(hits: tuple[Hit, ...]) -> set[str]:
    return {hit.chunk.doc_id for hit in hits}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_finds_the_clause(search: PolicySearch, mode):
    result = search.search("환불은 언제 되나요?", mode=mode, today=TODAY)
    assert (result.mode, result.mode_used, result.notice) == (mode, mode, "")
    assert result.hits[0].chunk.section == "돈은 언제 돌려받나요"
    assert result.confident
    assert result.took_ms > 0


def test_meaning_finds_what_words_do_not(search: PolicySearch):
    result = search.search("돈 입금 언제쯤", mode="vector", today=TODAY, top_k=2)
    assert "refund" in documents_of(result.hits)


def test_codes_and_numbers_are_found_whole(search: PolicySearch):
    for query in ("sw-200", "SW-200 배송"):
        hit = search.search(query, today=TODAY).hits[0]
        assert hit.chunk.section == "SW-200 이어폰의 배송"
    hit = search.search("50000원", mode="keyword", today=TODAY).hits[0]
    assert hit.chunk.section == "배송비는 얼마인가요"


@pytest.mark.parametrize("mode", MODES)
def test_every_hit_carries_every_stage(search: PolicySearch, mode):
    hits = search.search("반품하면 환불 언제", mode=mode, today=TODAY, top_k=50).hits
    name = "reranked" if mode == "hybrid" else mode
    assert [getattr(hit.ranks, name) for hit in hits] == list(range(1, len(hits) + 1))
    assert [getattr(hit.scores, name) for hit in hits] == [hit.score for hit in hits]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    for hit in hits:
        assert hit.ranks.vector is not None
        assert hit.ranks.fused is not None
        assert hit.ranks.reranked is not None
        assert (hit.ranks.keyword is None) == (hit.scores.keyword is None)


def test_top_k_is_kept_within_bounds(search: PolicySearch):
    for asked, expected in ((2, 2), (0, 1), (-5, 1), (10_000, 7)):
        hits = search.search("환불", mode="vector", top_k=asked, today=TODAY).hits
        assert len(hits) == expected


# -- who sees what, and when ---------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_customers_never_see_internal_documents(search: PolicySearch, mode):
    for query in ("환불 승인 절차", "담당자는 환불 금액을 확인하고 승인합니다"):
        hits = search.search(query, mode=mode, today=TODAY, top_k=50).hits
        assert "approval" not in documents_of(hits)
        staff = search.search(query, mode=mode, today=TODAY, staff=True).hits
        assert staff[0].chunk.doc_id == "approval"


@pytest.mark.parametrize(
    ("today", "staff", "superseded", "seen"),
    [
        (TODAY, False, False, {"returns"}),
        (TODAY, False, True, {"returns"}),
        (TODAY, True, False, {"returns"}),
        (TODAY, True, True, {"returns", "returns-2025"}),
        (date(2025, 1, 1), False, False, {"returns-2025"}),
        (date(2025, 12, 31), False, False, {"returns-2025"}),
        (date(2024, 12, 31), True, True, set()),
        (date(2027, 1, 1), False, False, {"returns", "returns-2027"}),
    ],
)
def test_only_what_is_in_force(search: PolicySearch, today, staff, superseded, seen):
    hits = search.search(
        "반품", today=today, staff=staff, include_superseded=superseded, top_k=50
    ).hits
    assert {one for one in documents_of(hits) if one.startswith("returns")} == seen


def test_nothing_in_force_is_told(search: PolicySearch):
    result = search.search("반품", today=date(1999, 1, 1))
    assert (result.mode_used, result.notice, result.hits) == ("none", "nothing_in_force", ())


# -- fallbacks and odd questions -----------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("query", "notice"),
    [
        ("", "empty_query"),
        (" \n\t　", "empty_query"),
        ("😀😀", "no_known_words"),
        ("쀍뛣쀍뛣", "no_known_words"),
        ("?!...", "no_known_words"),
        ("ㅋ", "no_known_words"),
        ("\0\ud800", "no_known_words"),
    ],
)
def test_nothing_to_find_is_an_honest_empty_answer(search: PolicySearch, mode, query, notice):
    result = search.search(query, mode=mode, today=TODAY)
    assert (result.mode_used, result.notice) == ("none", notice)
    assert not result.hits
    assert not result.confident


def test_one_character_is_a_question(search: PolicySearch):
    result = search.search("돈", today=TODAY)
    assert result.hits[0].chunk.section == "돈은 언제 돌려받나요"


def test_four_thousand_characters_are_a_question(search: PolicySearch):
    result = search.search("환불은 언제 되나요? " * 400, today=TODAY)
    assert result.mode_used == "hybrid"
    assert result.hits[0].chunk.doc_id == "refund"


def test_words_found_nowhere_are_searched_by_meaning(search: PolicySearch):
    for mode in ("hybrid", "keyword"):
        result = search.search("임금 체불", mode=mode, today=TODAY)
        assert (result.mode_used, result.notice) == ("vector", "no_keyword_match")
        assert result.hits


def test_words_without_a_vector_are_searched_by_keyword(search: PolicySearch):
    for mode in ("hybrid", "vector"):
        result = search.search("200", mode=mode, today=TODAY)
        assert (result.mode_used, result.notice) == ("keyword", "no_vector")
        assert result.hits[0].ranks.vector is None
        assert result.hits[0].scores.fused is None


def test_no_index_is_told(new_index: Callable[[], PolicyIndex]):
    search = PolicySearch(new_index())
    result = search.search("환불", today=TODAY)
    assert (result.mode_used, result.notice, result.hits) == ("none", "index_missing", ())
    search.index.build(shop_documents())
    assert search.search("환불", today=TODAY).hits


class BrokenEncoder(CongEncoder):
    """Encodes until told not to."""

    broken = False

    def encode(self, texts):
        if self.broken:
            raise RuntimeError("the model server is away")
        return super().encode(texts)


def test_a_failing_encoder_leaves_the_words(tmp_path, tokenizer, encoder):
    broken = BrokenEncoder(tokenizer, encoder.cache_file.parent)
    index = PolicyIndex(tmp_path, tokenizer, broken)
    index.build(shop_documents())
    search = PolicySearch(index)
    broken.broken = True
    for mode in ("hybrid", "vector"):
        result = search.search("환불은 언제 되나요", mode=mode, today=TODAY)
        assert (result.mode_used, result.notice) == ("keyword", "vector_failed")
        assert result.hits[0].chunk.doc_id == "refund"
    result = search.search("임금 체불", today=TODAY)
    assert (result.mode_used, result.notice) == ("none", "vector_failed")
    assert search.search("환불", mode="keyword", today=TODAY).notice == ""
    broken.broken = False
    assert search.search("환불은 언제 되나요", today=TODAY).mode_used == "hybrid"


def test_other_matters_are_not_answered_confidently(search: PolicySearch):
    for query in ("주식 뭐 살까요", "파이썬 코드 짜줘", "오늘 날씨 어때", "삼국지 줄거리"):
        assert not search.search(query, today=TODAY).confident, query


def test_every_notice_is_explained():
    assert all(name.islower() and text for name, text in NOTICES.items())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    query=st.text(max_size=80) | st.text(alphabet="환불배송비반품 언제?0-", max_size=40),
    mode=st.sampled_from(MODES),
    staff=st.booleans(),
    top_k=st.integers(-3, 60),
)
def test_no_question_raises(search: PolicySearch, query, mode, staff, top_k):
    result = search.search(query, mode=mode, staff=staff, top_k=top_k, today=TODAY)
    assert bool(result.hits) == (result.mode_used != "none")
    assert (result.notice == "") == (result.mode_used == mode)
    assert result.notice == "" or result.notice in NOTICES
    assert len(result.hits) <= max(1, min(top_k, 50))
    for hit in result.hits:
        assert staff or hit.chunk.audience == "public"
        assert hit.chunk.effective_from is None or hit.chunk.effective_from <= TODAY


# -- cache and threads ---------------------------------------------------------------------


def test_an_equal_question_comes_from_the_cache(index: PolicyIndex):
    search = PolicySearch(index, cache_size=2)
    first = search.search("환불 기간", today=TODAY)
    again = search.search("환불 기간", today=TODAY)
    assert again.hits is first.hits
    assert replace(again, took_ms=0) == replace(first, took_ms=0)
    for other in ("교환", "배송"):
        search.search(other, today=TODAY)
    assert search.search("환불 기간", today=TODAY).hits is not first.hits


def test_the_cache_tells_readers_days_and_modes_apart(index: PolicyIndex):
    search = PolicySearch(index)
    query = "환불 승인"
    staff = search.search(query, today=TODAY, staff=True)
    public = search.search(query, today=TODAY)
    assert "approval" in documents_of(staff.hits)
    assert "approval" not in documents_of(public.hits)
    assert search.search(query, today=date(2025, 5, 5)).hits != public.hits
    assert search.search(query, today=TODAY, mode="keyword").mode == "keyword"
    assert len(search.search(query, today=TODAY, top_k=1).hits) == 1


def test_an_index_made_anew_empties_the_cache(new_index: Callable[[], PolicyIndex]):
    """Its generation has the name of the one that was searched before."""
    index = new_index()
    index.build([make_document("a", "## 환불\n옛 글입니다.")])
    search = PolicySearch(index)
    assert search.search("환불", today=TODAY).hits[0].chunk.text == "옛 글입니다."
    (index.directory / "CURRENT.json").unlink()
    assert search.search("환불", today=TODAY).notice == "index_missing"
    index.build([make_document("a", "## 환불\n새 글입니다.")])
    assert index.status().version == "gen-000001"
    assert search.search("환불", today=TODAY).hits[0].chunk.text == "새 글입니다."


def test_a_new_index_empties_the_cache(new_index: Callable[[], PolicyIndex]):
    index = new_index()
    index.build([make_document("a", "## 환불\n옛 글입니다.")])
    search = PolicySearch(index)
    assert search.search("환불", today=TODAY).hits[0].chunk.text == "옛 글입니다."
    index.build([make_document("a", "## 환불\n새 글입니다.")])
    assert search.search("환불", today=TODAY).hits[0].chunk.text == "새 글입니다."


def test_threads_get_the_same_answers(index: PolicyIndex):
    search = PolicySearch(index, cache_size=0)
    queries = ["환불 언제", "배송비 얼마", "반품 며칠", "택배가 늦어요"]
    expected = [search.search(query, today=TODAY).hits for query in queries]
    answers: list[list[tuple[Hit, ...]]] = []

    def work() -> None:
        answers.append([search.search(query, today=TODAY).hits for query in queries * 3])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [expected * 3] * 4


# -- highlights ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        ("환불해 주세요", "환불은 3일 걸리고 환불액은 그대로입니다.", ["환불", "환불"]),
        ("취소했는데요", "주문을 취소하면", ["취소"]),
        ("돌려받나요", "돈을 돌려받습니다", ["돌려받"]),
        ("sw-200 배송", "SW-200 이어폰의 배송", ["SW-200", "배송"]),
        ("50,000원", "합계 50000원부터", ["50000원"]),
        ("되나요 하나요", "됩니다. 합니다. 있습니다.", []),
        ("", "환불", []),
        ("환불", "", []),
    ],
)
def test_highlights_mark_the_words_of_the_question(search: PolicySearch, query, text, marked):
    spans = search.highlight_spans(query, text)
    assert [text[start:end] for start, end in spans] == marked


@settings(max_examples=60, deadline=None)
@given(query=st.text(max_size=30), text=st.text(alphabet="환불 배송비는sw-2,00.\n😀", max_size=60))
def test_highlights_are_ranges_in_order(search: PolicySearch, query, text):
    edges = [edge for span in search.highlight_spans(query, text) for edge in span]
    assert edges == sorted(set(edges))
    assert all(0 <= edge <= len(text) for edge in edges)
