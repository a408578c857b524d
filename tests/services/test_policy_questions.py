"""Questions without a good answer: kept apart, grouped by likeness, settled, kept as cases."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from agent.types import Caller
from errors import BadInput, NotFound, Unavailable
from evals import rankings
from evals.subject import Subject
from services import Services
from services.policy_questions import Group, group
from store import unanswered
from store.unanswered import Unanswered
from tests.conftest import Clock
from tests.policies import draft, own_policies
from tests.shelves import STAFF
from tests.talk import Talk

ALIKE = ("선물 포장 되나요?", "선물용으로 포장해 주실 수 있나요")
ABROAD = ("해외로도 배송되나요?", "미국 배송 가능한가요")
FEE = "반품 배송비는 누가 내나요?"


def note(shop: Services, *questions: str, times: int = 1, unsure: float | None = None) -> None:
    with shop.database.write() as tx:
        for question in questions:
            for _ in range(times):
                unanswered.note(
                    tx, question, intent="policy", nearest=("x#y", 0.2), at=shop.clock(),
                    unsure=unsure,
                )  # fmt: skip


def titles(groups: list[Group]) -> list[list[str]]:
    return [[row.question for row in one.rows] for one in groups]


def test_questions_that_ask_alike_stand_together(shop: Services, clock: Clock) -> None:
    note(shop, ALIKE[1], times=3)
    note(shop, ALIKE[0])
    clock.pass_(hours=1)
    note(shop, "매장 주차장 있나요", times=2)
    groups = shop.policy_desk.questions.groups(STAFF)
    assert titles(groups) == [[ALIKE[1], ALIKE[0]], ["매장 주차장 있나요"]]
    assert (groups[0].times, groups[0].title) == (4, ALIKE[1])
    assert groups[1].last_at > groups[0].last_at


def test_a_group_is_settled_whole_and_asked_again_opens_one(shop: Services) -> None:
    note(shop, *ALIKE)
    questions = shop.policy_desk.questions
    (one,) = questions.groups(STAFF)
    assert questions.settle(STAFF, one.keys, kind="unanswered") == 2
    assert questions.groups(STAFF) == []
    with pytest.raises(NotFound):
        questions.settle(STAFF, one.keys, kind="unanswered")
    note(shop, ALIKE[0])
    assert titles(questions.groups(STAFF)) == [[ALIKE[0]]]
    assert len(questions.groups(STAFF, settled=True)) == 1
    rows = shop.tool(STAFF, "list_audit", object_type="question").items
    assert len(rows) == 2


def test_an_unsure_answer_is_kept_apart_from_what_was_not_answered(
    shop: Services, minji: Caller
) -> None:
    talk = Talk(shop, minji)
    assert talk.say(FEE).citations
    assert shop.policy_desk.questions.groups(STAFF, kind="unsure") == []
    rows = [
        json.loads(line)["question"]
        for line in (rankings.DATA / "dev.jsonl").read_text("utf-8").splitlines()
    ]
    told = ((text, shop.policy_desk.answer(STAFF, text)) for text in rows)
    text = next(
        text for text, one in told if 0.3 <= one.confidence < 0.44 and one.intent == "policy"
    )
    assert talk.say(text).citations
    (one,) = shop.policy_desk.questions.groups(STAFF, kind="unsure")
    assert one.title == text
    assert 0.3 <= one.rows[0].nearest_score < 0.45
    assert shop.policy_desk.questions.groups(STAFF) == []


def test_a_kept_case_is_asked_by_the_evaluation(
    shop: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = shop.policy_desk.questions
    chunk = questions.candidates(STAFF, FEE)[0]
    path = questions.keep_case(STAFF, f"{FEE}\n", chunk.chunk_id)
    assert path == shop.settings.data_path / "kept_cases" / "retrieval.jsonl"
    monkeypatch.setenv("SANGDAM_DATA_DIR", str(shop.settings.data_path))
    (case,) = rankings.kept_cases()
    assert (case.text, case.relevant) == (FEE, frozenset((chunk.chunk_id,)))
    with pytest.raises(NotFound):
        questions.keep_case(STAFF, FEE, "no-such-clause")
    with pytest.raises(BadInput):
        questions.keep_case(STAFF, " ?", chunk.chunk_id)
    with pytest.raises(BadInput):
        questions.keep_case(STAFF, FEE, "")
    assert len(rankings.kept_cases()) == 1
    with path.open("a") as file:
        file.write('[]\n{"question": "반쪽')  # what was half written stops no measuring
    assert len(rankings.kept_cases()) == 1


def test_kept_questions_are_asked_over_this_machines_own_policies(
    shop: Services, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    desk = own_policies(shop, tmp_path / "own")
    doc_id = desk.policy_desk.publish(STAFF, draft())
    monkeypatch.setenv("SANGDAM_DATA_DIR", str(shop.settings.data_path))
    search = rankings._search_over_own(Subject(shop, tmp_path / "evals"))
    found = search.search("반려동물과 매장", today=desk.policy_desk.today)
    assert found.hits[0].chunk.doc_id == doc_id


def test_staff_documents_are_no_answer_to_customers(shop: Services) -> None:
    inside = shop.policy_desk.clauses(STAFF, "staff-tickets-and-hard-talks")[0]
    with pytest.raises(NotFound, match="고객이 볼 수 있는"):
        shop.policy_desk.questions.keep_case(STAFF, FEE, inside.chunk_id)


def test_five_thousand_questions_are_grouped_again_quickly(shop: Services) -> None:
    """The vectors are kept: what a second look costs is the comparing alone."""
    rows = [
        Unanswered(str(n), f"{n}번 물건 {n % 70}월 배송 규정 {n % 9}", "policy", "", 0, 1,
                   "2026", "2026", None, None)
        for n in range(5_000)
    ]  # fmt: skip
    questions = shop.policy_desk.questions
    vectors = questions._encoded(rows)
    started = time.perf_counter()
    groups = group(rows, questions._encoded(rows))
    assert time.perf_counter() - started < 10  # 0.2 s on two idle cores
    assert vectors.shape[0] == sum(len(one.rows) for one in groups) == 5_000


def test_a_question_of_unknown_words_is_a_group_of_its_own(shop: Services) -> None:
    rows = [
        Unanswered(key, key, "policy", "", 0, 1, "2026", "2026", None, None)
        for key in ("qzx", "zzqv", "wvvq")
    ]
    assert len(group(rows, shop.policy_desk.questions._encoded(rows) * 0)) == 3
    assert group([], shop.policy_desk.questions._encoded([])) == []


def test_the_file_that_cannot_be_written_is_told_and_not_in_the_audit(
    shop: Services, tmp_path: Path
) -> None:
    (shop.settings.data_path / "kept_cases").write_text("in the way", "utf-8")
    chunk = shop.policy_desk.questions.candidates(STAFF, FEE)[0]
    with pytest.raises(Unavailable):
        shop.policy_desk.questions.keep_case(STAFF, FEE, chunk.chunk_id)
    assert not shop.tool(STAFF, "list_audit", object_type="question").items
