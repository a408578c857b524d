"""How sure the search is: the evidence, what it does to the figure, and the development sets."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import settings
from retrieval import CongEncoder, KoreanTokenizer, PolicyIndex, PolicySearch
from retrieval.confidence import FEWEST, MOST, Evidence, probability
from retrieval.documents import load_folder
from retrieval.types import Mode
from tests.retrieval.conftest import TODAY

ROOT = Path(__file__).resolve().parents[2]
MIDDLE = Evidence(known=2.0, held=0.4, unknown_noun=0.0, nouns=2.0, meant=0.3, meaning=0.3)


@pytest.fixture(scope="module")
def policies(
    tokenizer: KoreanTokenizer, encoder: CongEncoder, tmp_path_factory: pytest.TempPathFactory
) -> PolicySearch:
    """The shop's own policies, as its desk searches them."""
    index = PolicyIndex(tmp_path_factory.mktemp("policies"), tokenizer, encoder)
    index.build(load_folder(ROOT / "data" / "policies", settings.load().rules()))
    return PolicySearch(index)


def questions(name: str, *, answered: bool) -> list[str]:
    lines = (ROOT / "evals" / "retrieval" / f"{name}.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [row["question"] for row in rows if bool(row.get("relevant")) is answered]


def presented(search: PolicySearch, texts: list[str]) -> float:
    return sum(search.search(text, today=TODAY).confident for text in texts) / len(texts)


def evidence(search: PolicySearch, text: str, mode: Mode = "hybrid") -> Evidence:
    found = search.finder.find(text, mode=mode).evidence
    assert found is not None
    return found


# -- the figure ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["known", "held", "meant", "meaning"])
def test_more_of_what_speaks_for_an_answer_makes_surer(name: str) -> None:
    more = replace(MIDDLE, **{name: getattr(MIDDLE, name) + 0.2})
    assert 0 < probability(MIDDLE) < probability(more) < 1


def test_a_subject_the_index_never_heard_of_makes_less_sure() -> None:
    assert probability(replace(MIDDLE, unknown_noun=1.0)) < probability(MIDDLE)


# -- the evidence --------------------------------------------------------------------------


def test_evidence_of_a_clauses_own_words(search: PolicySearch) -> None:
    said = evidence(search, "은행 계좌로 받을 수 있나요")
    assert said.held == pytest.approx(1)
    assert (said.unknown_noun, said.nouns) == (0, 2)
    assert said.meaning > 0.5


def test_evidence_of_something_else(search: PolicySearch) -> None:
    other = evidence(search, "삼국지 줄거리")
    assert other.unknown_noun == 1
    assert other.held == 0


def test_known_terms_count_within_bounds(search: PolicySearch) -> None:
    assert evidence(search, "돈").known == pytest.approx(math.log(FEWEST))
    gibberish = "쀍뛣 뷁쉙 " * 40
    assert evidence(search, f"돈 {gibberish}").known == pytest.approx(math.log(FEWEST))
    long = " ".join(questions("dev", answered=True))
    assert evidence(search, long).known == pytest.approx(math.log(MOST))


def test_a_telephone_number_makes_nobody_surer(search: PolicySearch) -> None:
    plain = probability(evidence(search, "고슴도치 투숙 규정"))
    assert probability(evidence(search, "고슴도치 투숙 규정 010-1234-5678")) <= plain + 1e-6


def test_a_stage_that_takes_no_part_takes_no_side(search: PolicySearch) -> None:
    assert 0 < evidence(search, "200").meaning < 1  # a number has no vector
    for mode in ("keyword", "vector"):
        assert evidence(search, "은행 계좌로 받을 수 있나요", mode).held == pytest.approx(1)


def test_nothing_found_is_no_confidence(search: PolicySearch) -> None:
    result = search.search("쀍뛣쀍뛣", today=TODAY)
    assert (result.confidence, result.confident) == (0.0, False)


# -- the development sets: what docs/retrieval.md says ---------------------------------------


def test_questions_with_an_answer_are_kept(policies: PolicySearch) -> None:
    dev, shop = questions("dev", answered=True), questions("shop", answered=True)
    assert presented(policies, dev) >= 0.94
    assert presented(policies, dev + shop) >= 0.96


@pytest.mark.parametrize(
    ("name", "most"), [("off_topic_dev", 0.20), ("no_clause_dev", 0.50), ("dev", 0.85)]
)
def test_questions_without_one_are_held_back(
    policies: PolicySearch, name: str, most: float
) -> None:
    assert presented(policies, questions(name, answered=False)) <= most


def test_every_heading_answers_when_it_is_asked(policies: PolicySearch) -> None:
    """The desk offers a heading as a button: pressing it must not end in "없어요"."""
    assert all(policies.search(text, today=TODAY).confident for text in headings())


def test_single_words_of_the_shop_are_searched_for(policies: PolicySearch) -> None:
    for word in ("환불", "교환", "배송비", "쿠폰", "현금영수증", "탈퇴"):
        assert policies.search(word, today=TODAY).confident, word


def headings() -> Iterator[str]:
    documents = load_folder(ROOT / "data" / "policies", settings.load().rules())
    for one in documents:
        if one.audience == "public" and one.effective_to is None:
            yield from (line[3:] for line in one.body.splitlines() if line.startswith("## "))
