"""Fusion, re-ranking and everyday words: what each promises, on inputs small enough to see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval.fusion import Signals, fuse, keyword_score, vector_score
from retrieval.query import query_terms, query_vector
from retrieval.rerank import Candidate, Coverage, Reranker
from retrieval.words import WORDS_FILE, Words

NAN = float("nan")


def signals(**given: list[float]) -> Signals:
    size = len(next(iter(given.values())))
    empty = {
        "keyword": [0.0] * size,
        "asked_keyword": [0.0] * size,
        "passage": [NAN] * size,
        "sentence": [NAN] * size,
        "asked": [NAN] * size,
    }
    return Signals(**{name: np.array(row) for name, row in (empty | given).items()})


# -- fusion --------------------------------------------------------------------------------


def test_words_decide_where_words_are_shared():
    close = signals(keyword=[0.5, 0.3], passage=[0.2, 0.9], sentence=[0.2, 0.9])
    assert fuse(close).argmax() == 0
    assert fuse(close) == pytest.approx([0.5 + 0.15 * 0.2, 0.3 + 0.15 * 0.9])


def test_meaning_decides_where_hardly_a_word_is_shared():
    far = signals(keyword=[0.05, 0.0], passage=[0.1, 0.5], sentence=[0.1, 0.5])
    assert fuse(far).argmax() == 1
    assert fuse(far) == pytest.approx([0.05 + 0.45 * 0.1, 0.45 * 0.5])


def test_what_was_asked_before_is_evidence_of_its_own():
    noted = signals(
        keyword=[0.3, 0.3],
        asked_keyword=[0.0, 0.2],
        passage=[0.4, 0.4],
        sentence=[0.4, 0.4],
        asked=[0.2, 0.6],
    )
    assert fuse(noted).argmax() == 1
    assert keyword_score(noted) == pytest.approx([0.3, 0.5])
    assert vector_score(noted) == pytest.approx([0.3, 0.5])


def test_an_entry_without_noted_questions_is_not_pushed_down():
    mixed = signals(passage=[0.6, 0.5], sentence=[0.6, 0.5], asked=[NAN, 0.5])
    assert fuse(mixed).argmax() == 0


def test_scores_are_numbers_for_entries_without_vectors():
    bare = signals(keyword=[0.2, 0.0])
    assert fuse(bare) == pytest.approx([0.2, 0.0])
    assert np.isnan(vector_score(bare)).all()
    assert fuse(signals(keyword=[])).shape == (0,)


# -- the default re-ranker -----------------------------------------------------------------


def candidate(key: str, text: str, *, fused: float = 0.5, keyword: float = 0.5) -> Candidate:
    return Candidate(
        key, fused, keyword, 0.0, fused, fused, NAN, read=lambda: text
    )  # fmt: skip


def test_words_that_stand_together_win(tokenizer):
    scattered = candidate("scattered", "서울의 인구는 많다. 부산에는 박물관이 있다. 위치는 모른다.")
    together = candidate("together", "부산의 인구는 많다. 서울 박물관의 위치는 종로이다.")
    reranker = Coverage(tokenizer)
    scores = reranker.rerank("서울 박물관 위치", [scattered, together])
    assert scores[1] > scores[0]
    assert isinstance(reranker, Reranker)


def test_bonuses_are_bounded(tokenizer):
    texts = ["환불은 3일 안에 합니다.", "배송비는 3,000원입니다.", ""]
    shown = [candidate(str(n), text) for n, text in enumerate(texts)]
    added = Coverage(tokenizer).rerank("환불은 3일 안에", shown) - 0.5
    assert added[0] > added[1] >= added[2] == 0
    assert added.max() <= 0.3 + 1e-9


def test_nothing_is_read_where_hardly_a_word_is_shared(tokenizer):
    def unread() -> str:
        raise AssertionError("the text was read")

    far = Candidate("far", 0.4, 0.05, 0.0, 0.4, 0.4, NAN, read=unread)
    assert Coverage(tokenizer).rerank("돈 언제 꽂혀요", [far]) == pytest.approx([0.4])
    assert Coverage(tokenizer).rerank("돈", []).shape == (0,)


# -- everyday words ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def words(tokenizer) -> Words:
    return Words(tokenizer)


def test_everyday_words_mean_policy_words(words: Words):
    meant = words.meant("맘이 바뀌었는데 이거 도로 보내도 돼요?")
    assert {"반품", "단순 변심"} <= meant.keys()
    assert all(0 < weight <= 1 for weight in meant.values())


def test_endings_and_order_do_not_matter(words: Words):
    assert "환불" in words.meant("돌려받을 수 있나요 돈")
    assert "환불" not in words.meant("돌려 보세요")


def test_words_that_say_little_add_little(tokenizer, tmp_path: Path):
    path = tmp_path / "words.yaml"
    path.write_text("결제: [받다]\n입금: [꽂히다]\n", "utf-8")
    meant = Words(tokenizer, path).meant("돈을 받으면 통장에 꽂혀요")
    assert meant["입금"] > meant["결제"] > 0


def test_a_long_question_does_not_drown(words: Words):
    meant = words.meant(
        "돈 돌려받고 싶은데 맘 바뀌어 도로 보내면 통장에 꽂히나요 비번도 까먹고 송장 안 떠요"
    )
    assert len(meant) > 4
    assert sum(meant.values()) <= 2.0 + 1e-9


def test_what_is_said_outweighs_what_is_added(tokenizer, encoder, words: Words):
    text = "무배 기준"
    terms, plain = query_terms(tokenizer, text, words), query_terms(tokenizer, text)
    assert all(terms[term] >= times for term, times in plain.items())
    assert 0 < terms["무료"] <= 0.8 * 2
    vector = query_vector(encoder, text, words)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    plain_vector = query_vector(encoder, text)
    meant = encoder.encode(["무료배송 기준"])[0]
    assert vector @ meant > plain_vector @ meant


@pytest.mark.parametrize("content", [None, "결제: [", "- 내다", "결제: 3"])
def test_a_broken_list_adds_nothing(tokenizer, tmp_path: Path, content: str | None):
    path = tmp_path / "words.yaml"
    if content is not None:
        path.write_text(content, "utf-8")
    assert Words(tokenizer, path).meant("돈을 내면") == {}


def test_no_question_of_an_evaluation_stands_in_the_list():
    """The list was written beside the development questions: words may be shared, not lines."""
    import json

    import yaml

    folder = WORDS_FILE.parents[2] / "evals" / "retrieval"
    asked = {
        json.loads(line)["question"].strip()
        for path in folder.glob("*.jsonl")
        for line in path.read_text("utf-8").splitlines()
    }
    assert asked
    ways = {
        str(way) for ways in yaml.safe_load(WORDS_FILE.read_text("utf-8")).values() for way in ways
    }
    assert not ways & asked
