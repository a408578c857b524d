"""정책 검사 run whole: inspect, compare, edit with its changes, questions, and who may."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agent.types import Caller
from services import Services
from tests.pages import press, shown
from tests.policies import PETS, draft, own_policies
from tests.shelves import STAFF
from tests.talk import Talk

FEE = "반품 배송비는 누가 내요?"
ODD = "반려 고슴도치 동반 투숙 규정이 어떻게 되나요"


@pytest.fixture
def mine(desk: Services, tmp_path) -> Services:
    return own_policies(desk, tmp_path / "own")


@pytest.fixture
def asked(desk: Services, minji: Caller) -> None:
    Talk(desk, minji).say(ODD)


def inspection(open_page, **query: str):
    return open_page("inspection", "staff@example.com", **query)


@pytest.mark.parametrize("email", ["minji@example.com", None])
def test_nobody_else_gets_in(open_page, email):
    at = open_page("inspection", email, q=FEE)
    assert not at.text_input
    assert "확신도" not in shown(at)


def test_four_stages_stand_side_by_side_with_what_is_cited(open_page):
    at = inspection(open_page, q=FEE)
    text = shown(at)
    assert all(f"**{name}**" in text for name in ("키워드", "의미", "합계", "다시 매김"))
    assert "답할 만큼 확실해요" in text
    assert "가장 잘 맞는 조항이에요." in text
    assert "들지 못했어요" in text
    assert ":primary[**반품**]" in text.replace("\\", "")


def test_a_clause_opens_between_its_neighbours(open_page):
    at = inspection(open_page, q=FEE)
    at.button(key="inspection-reranked-1").click().run()
    assert not at.exception
    assert [one.label[:4] for one in at.expander if one.label[1:4] == " 조항"]
    press(at, "이 정책 열기")
    assert at.query_params["doc"]
    assert at.text_area[0].value.startswith("<!--") or "##" in at.text_area[0].value


def test_an_unsure_question_says_why_nothing_is_cited(open_page):
    text = shown(inspection(open_page, q="화성 이주 계획 세액공제율 알려줘"))
    assert "답으로 내놓지 않아요" in text
    assert "기준 0.30에 못 미쳐요" in text


def test_two_settings_from_the_address(open_page):
    at = inspection(open_page, q="2025년 반품 정책", compare="1")
    assert "들어온 조항 **" in shown(at)
    assert "직원 화면 · 지난 정책 포함" in shown(at)
    assert at.query_params["compare"] == "1"


def test_examples_start_an_inspection(open_page):
    at = press(inspection(open_page), FEE)
    assert at.text_input(key="inspection-q").value == FEE


def test_a_policy_is_written_planned_and_applied(open_page, mine):
    at = press(inspection(open_page, view="documents"), "새 정책")
    assert "제목을 적어 주세요" in shown(at)
    at.text_input(key="policy-title-new").set_value("반려동물 동반")
    at.text_area(key="policy-body-new").set_value(PETS + "\n<script>alert(1)</script>").run()
    assert "제목을 적어 주세요" not in shown(at)
    press(at, "바뀌는 내용 보기")
    assert "적용하면 검색에서 이렇게 바뀌어요" in shown(at)
    assert mine.policy_desk.listed(STAFF)[0].origin == "shop"
    press(at, "적용하기")
    assert "저장했어요. 지금부터 검색에 나와요." in shown(at)
    assert "doc" not in at.query_params
    hits = mine.policies.search("반려동물과 매장", today=mine.policy_desk.today).hits
    assert hits[0].chunk.title == "반려동물 동반"


def test_a_changed_draft_must_be_planned_anew(open_page, mine):
    at = press(inspection(open_page, view="documents"), "새 정책")
    at.text_input(key="policy-title-new").set_value("제목")
    at.text_area(key="policy-body-new").set_value(PETS).run()
    press(at, "바뀌는 내용 보기")
    at.text_area(key="policy-body-new").set_value(PETS + "더 썼어요.").run()
    assert "적용하면" not in shown(at)


def test_editing_shows_the_difference_and_the_last_questions_order(open_page, mine):
    doc_id = mine.policy_desk.publish(STAFF, draft())
    at = inspection(open_page, q="반려동물과 함께 매장에 와도 되나요?")
    at.segmented_control(key="inspection-view").set_value("documents").run()
    at.button(key=f"open-{doc_id}").click().run()
    day = mine.policy_desk.today + timedelta(days=0)
    assert at.date_input(key=f"policy-from-{doc_id}").value == day
    at.text_area(key=f"policy-body-{doc_id}").set_value(PETS.replace("있습니다", "없습니다")).run()
    press(at, "바뀌는 내용 보기")
    text = shown(at).replace("\\", "")
    assert ":red-background[~~있습니다.~~]" in text
    assert ":green-background[없습니다.]" in text
    assert "마지막으로 검사한 질문" in text


def test_an_own_edition_is_withdrawn(open_page, mine):
    doc_id = mine.policy_desk.publish(STAFF, draft())
    at = inspection(open_page, view="documents", doc=doc_id)
    press(at, "이 판 거두기")
    assert "이 판을 거두면" in shown(at)
    press(at, "거두기")
    assert "판을 거뒀어요" in shown(at)
    assert all(one.origin == "shop" for one in mine.policy_desk.listed(STAFF))


def test_a_shop_file_cannot_be_withdrawn_and_a_past_edition_is_read_only(open_page, mine):
    at = inspection(open_page, view="documents", doc="return-window")
    assert "이 판 거두기" not in [one.label for one in at.button]
    mine.policy_desk.publish(STAFF, draft(doc_id="return-window"))
    at = inspection(open_page, view="documents", doc="return-window")
    assert "읽기만 할 수 있어요" in shown(at)
    assert not at.text_area
    assert "해당 정책을 찾을 수 없어요" in shown(
        inspection(open_page, view="documents", doc="no-such")
    )


def test_the_list_is_filtered_by_the_address(open_page):
    at = inspection(open_page, view="documents", state="staff")
    titles = [one.label for one in at.button if str(one.key).startswith("open-")]
    assert titles
    assert all("staff-" in str(one.key) for one in at.button if str(one.key).startswith("open-"))
    assert "해당하는 정책이 없어요" in shown(inspection(open_page, view="documents", find="없는말"))


# ── questions ────────────────────────────────────────────────────────────────────────────


def test_a_group_is_settled_and_leaves_the_list(open_page, asked):
    at = inspection(open_page, view="questions")
    assert ODD in shown(at)
    assert "1번 물음" in shown(at)
    press(at, "모두 확인")
    assert ODD not in shown(at)
    assert "답하지 못한 질문이 없어요" in shown(at)
    press(inspection(open_page, view="questions", done="settled"), "다시 열기")
    assert ODD in shown(inspection(open_page, view="questions"))


def test_a_group_becomes_a_draft(open_page, asked):
    at = press(inspection(open_page, view="questions"), "정책 초안 쓰기")
    assert at.text_input(key="policy-title-new").value == ODD
    assert f"<!-- 이렇게 물어요\n{ODD}\n-->" in at.text_area(key="policy-body-new").value
    assert "본문을 적어 주세요" not in shown(at)  # a heading is there; the answer is to write


def test_a_group_becomes_a_case_of_the_search(open_page, asked, desk):
    at = press(inspection(open_page, view="questions"), "시험 문항으로")
    chunk = desk.policy_desk.questions.candidates(STAFF, ODD)[0]
    at.radio(key="case-clause").set_value(chunk.chunk_id)
    press(at, "시험 문항으로 두기")
    kept = (desk.settings.data_path / "kept_cases" / "retrieval.jsonl").read_text("utf-8")
    assert ODD in kept
    assert chunk.chunk_id in kept


def test_a_question_leads_back_into_the_inspection(open_page, asked):
    at = press(inspection(open_page, view="questions"), "검사하기")
    assert at.text_input(key="inspection-q").value == ODD


def test_nothing_asked_says_what_comes_here(open_page):
    assert "맞는 조항을 찾지 못하면" in shown(inspection(open_page, view="questions"))
    text = shown(inspection(open_page, view="questions", kind="unsure"))
    assert "확신도가 낮은데도" in text


def test_nothing_to_import_yet(open_page):
    at = inspection(open_page, view="import")
    assert "robots.txt" in shown(at)
    assert at.button(key="import-start").disabled


def test_a_stale_edit_shows_what_changed_and_keeps_the_text(open_page, mine):
    doc_id = mine.policy_desk.publish(STAFF, draft())
    at = inspection(open_page, view="documents", doc=doc_id)
    other = draft(doc_id=doc_id, body=PETS.replace("고슴도치", "강아지"))
    second = mine.policy_desk.publish(STAFF, other)
    at.text_area(key=f"policy-body-{doc_id}").set_value(PETS + "제가 쓰던 글이에요.").run()
    text = shown(at).replace("\\", "")
    assert "지금은 2판이에요" in text
    assert ":green-background[강아지는]" in text
    assert "바뀌는 내용 보기" not in [one.label for one in at.button]
    press(at, "쓰던 글로 새 판 이어 쓰기")
    assert second in at.query_params["doc"]
    assert at.text_area(key=f"policy-body-{second}").value == PETS + "제가 쓰던 글이에요."
    press(at, "바뀌는 내용 보기")
    press(at, "적용하기")
    assert "저장했어요" in shown(at)


def test_an_unwritten_draft_gives_way_to_what_stands_now(open_page, mine):
    doc_id = mine.policy_desk.publish(STAFF, draft())
    at = inspection(open_page, view="documents", doc=doc_id)
    mine.policy_desk.publish(STAFF, draft(doc_id=doc_id, title="새 제목"))
    at.run()
    assert "policy-overtaken" not in shown(at)
    assert at.text_input(key=f"policy-title-{doc_id}").value == "새 제목"


def test_a_text_that_goes_on_after_its_policy_was_withdrawn(open_page, mine):
    doc_id = mine.policy_desk.publish(STAFF, draft())
    at = inspection(open_page, view="documents", doc=doc_id)
    mine.policy_desk.withdraw(STAFF, doc_id)
    at.text_area(key=f"policy-body-{doc_id}").set_value(PETS + "제가 쓰던 글이에요.").run()
    assert "그사이 이 정책을 거뒀어요" in shown(at)
    press(at, "새 정책으로 이어 쓰기")
    assert at.text_area(key="policy-body-new").value == PETS + "제가 쓰던 글이에요."
