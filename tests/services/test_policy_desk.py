"""The policy owner's desk: what it shows is what the search does, what it saves is found."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from agent.types import Caller
from errors import BadInput, Conflict, Forbidden, NotFound, StateChanged
from retrieval.chunking import chunk_document
from services import Services
from services.policy_desk import Draft, Look
from tests.policies import PETS, draft, own_policies
from tests.shelves import STAFF
from tests.talk import Talk

TODAY = date(2026, 11, 20)
FEE = "반품 배송비는 누가 내나요?"
ODD = "반려동물과 함께 매장에 와도 되나요?"


@pytest.fixture
def desk(shop: Services, tmp_path: Path) -> Services:
    return own_policies(shop, tmp_path)


def every_clause(desk: Services) -> dict[str, object]:
    """What the index holds, read from the index."""
    snapshot = desk.index.snapshot()
    assert snapshot is not None
    keys = [snapshot.read(entry)[0] for entry in range(snapshot.entries)]
    return {key: desk.index.chunk(key, staff=True) for key in keys}


# ── who ──────────────────────────────────────────────────────────────────────────────────


def test_nobody_but_staff_gets_in(shop: Services, minji: Caller, guest: Caller) -> None:
    one = shop.policy_desk
    for caller in (minji, guest):
        for ask in (
            lambda c: one.inspect(c, FEE), lambda c: one.answer(c, FEE), one.listed,
            lambda c: one.compare(c, FEE, Look(), Look()),
            lambda c: one.draft_of(c, "return-window"), lambda c: one.check(c, draft()),
            lambda c: one.preview(c, draft()), lambda c: one.plan(c, draft()),
            lambda c: one.publish(c, draft()), lambda c: one.withdraw(c, "return-window"),
            lambda c: one.clauses(c, "return-window"), lambda c: one.neighbours(c, "x"),
            lambda c: one.imports.start(c, ["https://x.kr"]), one.imports.progress,
            one.imports.cancel, lambda c: one.imports.apply(c, ["x"]), one.questions.groups,
            lambda c: one.questions.settle(c, ["x"], kind="unanswered"),
            lambda c: one.questions.keep_case(c, FEE, "x"),
            lambda c: one.questions.candidates(c, FEE),
        ):  # fmt: skip
            with pytest.raises(Forbidden):
                ask(caller)
    assert not (shop.settings.data_path / "policies.jsonl").exists()


# ── looking ──────────────────────────────────────────────────────────────────────────────


def test_the_columns_are_the_agents_own_search(shop: Services) -> None:
    seen = shop.policy_desk.inspect(STAFF, FEE)
    found = shop.policies.search(FEE, top_k=6, today=TODAY)
    assert [hit.chunk.chunk_id for hit in seen.result.hits] == [
        hit.chunk.chunk_id for hit in found.hits
    ]
    best = [hit.chunk.chunk_id for hit in seen.stages["reranked"]][:6]
    assert best == [hit.chunk.chunk_id for hit in found.hits]
    for stage, hits in seen.stages.items():
        assert [getattr(hit.ranks, stage) for hit in hits] == list(range(1, len(hits) + 1))
        scores = [getattr(hit.scores, stage) for hit in hits]
        assert scores == sorted(scores, reverse=True)
    words = shop.policies.search(FEE, mode="keyword", top_k=8, today=TODAY).hits
    assert [h.chunk.chunk_id for h in seen.stages["keyword"]] == [h.chunk.chunk_id for h in words]


@pytest.mark.parametrize(
    "question", [FEE, "도서산간 배송비 규정이 어떻게 돼요?", "반품은 며칠 안에 해야 돼요?"]
)
def test_what_is_cited_is_what_the_reply_cites(shop: Services, guest: Caller, question) -> None:
    told = shop.policy_desk.answer(STAFF, question)
    cited = [fate.hit.chunk.chunk_id for fate in told.fates if fate.verdict == "cited"]
    reply = Talk(shop, guest).say(question)
    assert reply.intent == "policy"
    assert [one["chunk_id"] for one in reply.as_json()["citations"]] == cited


def test_every_clause_that_is_dropped_has_its_reason(desk: Services) -> None:
    coming = draft(title="새 반품 배송비", effective_from=TODAY + timedelta(days=30),
                   body="## 반품 배송비는 누가 내나요\n반품 배송비는 고객이 냅니다.\n")  # fmt: skip
    internal = draft(title="반품 배송비 내부 기준", audience="staff",
                     body="## 반품 배송비는 누가 내나요\n반품 배송비 판단 기준.\n")  # fmt: skip
    keys = {desk.policy_desk.publish(STAFF, one): one for one in (coming, internal)}
    fates = desk.policy_desk.answer(STAFF, FEE).fates
    verdicts = {fate.hit.chunk.doc_id: fate.verdict for fate in fates}
    assert [verdicts[key] for key in keys] == ["coming", "internal"]
    said = [fate for fate in fates if fate.verdict == "weaker"]
    assert all(fate.share < 0.85 for fate in said)
    assert fates[0].verdict == "cited"


def test_nothing_is_cited_when_the_search_is_not_sure(shop: Services) -> None:
    told = shop.policy_desk.answer(STAFF, "화성 이주 계획 세액공제율 알려줘")
    assert not told.confident
    assert {fate.verdict for fate in told.fates} <= {"unsure", "below", "internal", "ended"}


def test_two_settings_tell_what_comes_in_and_goes_out(shop: Services) -> None:
    old = Look(staff=True, superseded=True)
    found = shop.policy_desk.compare(STAFF, "2025년 반품 정책", Look(), old)
    came = {found.chunks[key].doc_id for key in found.came}
    assert "return-policy-2025" in came
    assert not set(found.came) & set(found.went)
    assert len(found.came) == len(found.went)  # both sides hold six
    past = Look(as_of=date(2025, 6, 1))
    assert shop.policy_desk.inspect(STAFF, "반품 기간", past).today == date(2025, 6, 1)


def test_neighbours_are_the_clauses_around(shop: Services) -> None:
    clauses = shop.policy_desk.clauses(STAFF, "return-window")
    before, chunk, after = shop.policy_desk.neighbours(STAFF, clauses[1].chunk_id)
    assert (before, chunk, after) == clauses[:3]
    assert shop.policy_desk.neighbours(STAFF, clauses[0].chunk_id)[0] is None
    with pytest.raises(NotFound):
        shop.policy_desk.neighbours(STAFF, "no-such-clause")


# ── changing ─────────────────────────────────────────────────────────────────────────────


def test_a_new_policy_answers_customers_at_once(desk: Services, guest: Caller) -> None:
    assert not Talk(desk, guest).say(ODD).citations
    doc_id = desk.policy_desk.publish(STAFF, draft())
    (cited, *_) = Talk(desk, guest).say(ODD).as_json()["citations"]
    assert cited["chunk_id"].startswith(f"{doc_id}#")
    assert desk.policy_desk.answer(STAFF, ODD).intent == "policy"


def test_the_plan_is_exactly_what_the_index_then_has(desk: Services) -> None:
    desk.policy_desk.publish(STAFF, draft())
    for change in (
        draft(title="선물 포장", body="## 포장되나요\n선물 포장은 2,000원입니다.\n"),
        Draft("반품·교환 가능 기간", "## 며칠 안에\n{{return_window_days}}일입니다.\n", TODAY,
              "return-window", "반품·교환"),
    ):  # fmt: skip
        before = every_clause(desk)
        plan = desk.policy_desk.plan(STAFF, change, "반품은 며칠 안에 해야 하나요?")
        assert every_clause(desk) == before  # a plan changes nothing
        expected = dict(before)
        for one in plan.changes:
            expected.pop(one.chunk.chunk_id, None)
            if one.after is not None:
                expected[one.after.chunk_id] = one.after
        desk.policy_desk.publish(STAFF, change)
        assert every_clause(desk) == expected
        found = desk.policies.search("반품은 며칠 안에 해야 하나요?", top_k=10, today=TODAY).hits
        places = {one.chunk.chunk_id: one.after for one in plan.moved if one.after}
        assert places == {hit.chunk.chunk_id: at for at, hit in enumerate(found, 1)}


def test_an_edition_of_a_shop_file_ends_the_file_and_leaves_it_untouched(desk: Services) -> None:
    first = desk.policy_desk.draft_of(STAFF, "return-window")
    assert "{{return_window_days}}" in first.body
    change = Draft(first.title, first.body.replace("안에 반품", "이내에 반품"), TODAY,
                   "return-window", first.category)  # fmt: skip
    assert desk.policy_desk.publish(STAFF, change) == "return-window.v3"
    listed = {one.document.doc_id: one for one in desk.policy_desk.listed(STAFF)}
    old, new = listed["return-window"], listed["return-window.v3"]
    assert (old.state, old.newest, old.origin) == ("ended", False, "shop")
    assert old.document.effective_to == TODAY - timedelta(days=1)
    assert (new.state, new.newest, new.origin, new.author) == (
        "in_force", True, "written", "staff_001"
    )  # fmt: skip
    assert "7일 이내에 반품" in new.document.body  # the rule is filled in
    seen = desk.policies.search("마음이 바뀌었는데 반품 며칠", today=TODAY, staff=True, top_k=50)
    assert "return-window" not in {hit.chunk.doc_id for hit in seen.hits}
    past = desk.policies.search("마음이 바뀌었는데 반품 며칠", today=TODAY, staff=True, top_k=50,
                                include_superseded=True)  # fmt: skip
    assert "return-window" in {hit.chunk.doc_id for hit in past.hits}
    with pytest.raises(StateChanged):  # who edits the old one did not see the new one
        desk.policy_desk.publish(STAFF, draft(doc_id="return-window"))


def test_an_edition_to_come_waits_for_its_day(desk: Services) -> None:
    first = desk.policy_desk.publish(STAFF, draft())
    day = TODAY + timedelta(days=10)
    later = draft(body=PETS.replace("있습니다", "없습니다"), doc_id=first, effective_from=day)
    second = desk.policy_desk.publish(STAFF, later)
    assert second == f"{first}.v2"
    for today, doc_id in ((TODAY, first), (day - timedelta(days=1), first), (day, second)):
        hits = desk.policies.search(ODD, today=today).hits
        assert hits[0].chunk.doc_id == doc_id
        assert len({hit.chunk.doc_id for hit in hits} & {first, second}) == 1
    with pytest.raises(BadInput, match="앞선 판의 시행일"):
        desk.policy_desk.publish(STAFF, draft(body="## 새 글\n새 글이에요.", doc_id=second))


def test_moving_the_day_of_an_edition_leaves_no_gap(desk: Services) -> None:
    first = desk.policy_desk.publish(STAFF, draft())
    body = PETS.replace("있습니다", "없습니다")
    day = TODAY + timedelta(days=10)
    second = desk.policy_desk.publish(STAFF, draft(body=body, doc_id=first, effective_from=day))
    later = day + timedelta(days=5)
    moved = draft(body=body, doc_id=second, effective_from=later)
    assert desk.policy_desk.publish(STAFF, moved) == second
    hits = desk.policies.search(ODD, today=later - timedelta(days=1)).hits
    assert hits[0].chunk.doc_id == first


def test_withdrawing_brings_the_one_before_back(desk: Services) -> None:
    first = desk.policy_desk.publish(STAFF, draft())
    body = PETS.replace("있습니다", "없습니다")
    day = TODAY + timedelta(days=1)
    second = desk.policy_desk.publish(STAFF, draft(body=body, doc_id=first, effective_from=day))
    with pytest.raises(Conflict, match="가장 새 판부터"):
        desk.policy_desk.withdraw(STAFF, first)
    before = every_clause(desk)
    plan = desk.policy_desk.plan_withdrawal(STAFF, second)
    assert every_clause(desk) == before
    assert {one.kind for one in plan.changes} == {"removed", "facts"}
    desk.policy_desk.withdraw(STAFF, second)
    assert desk.policies.search(ODD, today=day).hits[0].chunk.doc_id == first
    desk.policy_desk.withdraw(STAFF, first)
    with pytest.raises(NotFound):
        desk.policy_desk.withdraw(STAFF, "return-window")


def test_a_shop_file_comes_back_when_its_edition_is_withdrawn(desk: Services) -> None:
    before = every_clause(desk)
    new = desk.policy_desk.publish(STAFF, draft(doc_id="return-window", title="기간"))
    assert every_clause(desk) != before
    desk.policy_desk.withdraw(STAFF, new)
    assert every_clause(desk) == before


def test_changes_are_in_the_audit_and_say_no_text(desk: Services) -> None:
    doc_id = desk.policy_desk.publish(STAFF, draft())
    desk.policy_desk.publish(STAFF, draft(doc_id=doc_id, title="반려동물"))
    desk.policy_desk.withdraw(STAFF, doc_id)
    rows = desk.tool(STAFF, "list_audit", object_type="policy").items
    assert [(row.entry.action, row.entry.actor_id) for row in rows] == [
        ("withdraw", "staff_001"), ("edit", "staff_001"), ("publish", "staff_001"),
    ]  # fmt: skip
    assert "고슴도치" not in json.dumps([row.entry.after for row in rows], ensure_ascii=False)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "본문을"),
        ("## \n", "본문을"),
        ("<!-- 열기만\n글", "닫지 않았어요"),
        ("## 값\n{{no_such_rule}}일입니다.", "no_such_rule"),
        ("글" * 200_001, "200,000자"),
        ("반쪽 \ud800 글자", "깨진 글자"),
    ],
)
def test_a_draft_that_cannot_be_saved_is_refused(desk: Services, body: str, said: str) -> None:
    problems = desk.policy_desk.check(STAFF, draft(body=body))
    assert {one.kind for one in problems} == {"refused"}
    assert any(said in one.text for one in problems)
    with pytest.raises(BadInput):
        desk.policy_desk.publish(STAFF, draft(body=body))
    assert not (desk.settings.data_path / "policies.jsonl").exists()


def test_the_same_again_is_refused_and_doubtful_things_are_told(desk: Services) -> None:
    doc_id = desk.policy_desk.publish(STAFF, draft())
    same = desk.policy_desk.draft_of(STAFF, doc_id)
    assert [one.text for one in desk.policy_desk.check(STAFF, same)] == ["바뀐 내용이 없어요."]
    told = desk.policy_desk.check(STAFF, draft(title="다른 제목"))
    assert any("똑같은 조항" in one.text for one in told)
    flat = desk.policy_desk.check(STAFF, draft(body="소제목 없이 쓴 글이에요."))
    assert [one.kind for one in flat] == ["warning"]
    ends = draft(effective_to=TODAY - timedelta(days=1))
    assert desk.policy_desk.check(STAFF, ends)[0].kind == "refused"


def test_a_preview_is_what_the_clauses_will_be(desk: Services) -> None:
    one = draft(body=PETS + "\n## 둘\n<!-- 이렇게 물어요\n강아지도 돼요\n-->\n됩니다.\n")
    chunks = desk.policy_desk.preview(STAFF, one)
    doc_id = desk.policy_desk.publish(STAFF, one)
    saved = next(o for o in desk.policy_desk.listed(STAFF) if o.document.doc_id == doc_id)
    assert [c.text for c in chunks] == [c.text for c in chunk_document(saved.document)]
    assert chunks[1].asked == ("강아지도 돼요",)


def test_an_edition_that_changed_meanwhile_is_not_overwritten(desk: Services) -> None:
    doc_id = desk.policy_desk.publish(STAFF, draft())
    mine = replace(desk.policy_desk.draft_of(STAFF, doc_id), body=PETS + "\n제가 쓴 글이에요.\n")
    assert desk.policy_desk.overtaken(STAFF, mine) is None
    # The same text with another title corrects the edition in place: its id stays.
    desk.policy_desk.publish(
        STAFF, replace(desk.policy_desk.draft_of(STAFF, doc_id), title="새 제목")
    )
    found = desk.policy_desk.overtaken(STAFF, mine)
    assert found is not None
    assert (found.base.title, found.last.title, found.written) == ("반려동물 동반", "새 제목", True)
    for act in (desk.policy_desk.plan, desk.policy_desk.publish):
        with pytest.raises(StateChanged):
            act(STAFF, mine)
    assert desk.policy_desk.publish(STAFF, replace(mine, base=found.last)) == f"{doc_id}.v2"


def test_an_edition_of_the_same_day_that_took_ones_place_is_told(desk: Services) -> None:
    doc_id = desk.policy_desk.publish(STAFF, draft())
    mine = replace(desk.policy_desk.draft_of(STAFF, doc_id), body=PETS + "\n제가 쓴 글이에요.\n")
    other = desk.policy_desk.publish(STAFF, draft(doc_id=doc_id, body=PETS + "\n남이 쓴 글.\n"))
    found = desk.policy_desk.overtaken(STAFF, mine)
    assert found is not None
    assert found.last is not None
    assert found.last.doc_id == other
    with pytest.raises(StateChanged):
        desk.policy_desk.publish(STAFF, mine)
    desk.policy_desk.withdraw(STAFF, other)
    gone = desk.policy_desk.overtaken(STAFF, mine)
    assert gone is not None
    assert gone.last is None


def test_an_unchanged_text_is_no_new_edition_and_keeps_its_first_day(desk: Services) -> None:
    untouched = desk.policy_desk.draft_of(STAFF, "return-window")
    assert untouched.effective_from == TODAY  # where the editor begins
    told = desk.policy_desk.check(STAFF, untouched)
    assert [(one.kind, one.text) for one in told] == [("refused", "바뀐 내용이 없어요.")]
    first = TODAY - timedelta(days=30)
    doc_id = desk.policy_desk.publish(STAFF, draft(effective_from=first))
    mine = replace(desk.policy_desk.draft_of(STAFF, doc_id), title="새 제목")
    assert desk.policy_desk.publish(STAFF, mine) == doc_id
    listed = {one.document.doc_id: one.document for one in desk.policy_desk.listed(STAFF)}
    assert (listed[doc_id].title, listed[doc_id].effective_from) == ("새 제목", first)


def test_two_owners_who_apply_at_once_wait_for_each_other(desk: Services) -> None:
    names = [f"정책 {number}" for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        done = list(
            pool.map(lambda name: desk.policy_desk.publish(STAFF, draft(title=name)), names)
        )
    listed = {one.document.doc_id: one.document.title for one in desk.policy_desk.listed(STAFF)}
    assert [listed[doc_id] for doc_id in done] == names
