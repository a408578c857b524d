"""Editions that staff write: trusted where collected texts are not, in order, one at a time."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from errors import StateChanged
from retrieval.changes import text_difference
from retrieval.chunking import chunk_document
from retrieval.documents import with_shelf
from retrieval.editions import Draft, problems, publish, withdraw
from retrieval.shelf import Shelf, read_shelf, row_of
from retrieval.types import Document
from tests.retrieval.conftest import RULES, make_document

TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, tzinfo=UTC)
BODY = "## 기간\n<!-- 이렇게 물어요\n며칠이에요\n-->\n{{window_days}}일입니다.\n"


def ours() -> list[Document]:
    return [replace(make_document("returns", BODY), source="policies/returns.md")]


def put(shelf: Shelf, draft: Draft, files: list[Document] | None = None) -> tuple[Shelf, Document]:
    after, row, _ = publish(
        shelf, files or [], draft, RULES, author="staff_001", now=NOW, today=TODAY
    )
    return after, row.document


def seen(shelf: Shelf, files: list[Document] | None = None) -> dict[str, Document]:
    return {one.doc_id: one for one in with_shelf(files or [], shelf, RULES, "policies.jsonl")}


def test_a_written_text_is_trusted_a_collected_one_is_text(tmp_path: Path) -> None:
    shelf, written = put(Shelf(), Draft("기간", BODY, TODAY))
    collected = replace(written, doc_id="collected", source="http://x.kr")
    shelf = replace(shelf, rows=(*shelf.rows, row_of(collected, NOW.isoformat())))
    path = tmp_path / "policies.jsonl"
    shelf.write(path)
    again = read_shelf(path)
    assert [row.author for row in again.rows] == ["staff_001", ""]
    found = seen(again)
    assert "7일입니다" in found[written.doc_id].body
    assert chunk_document(found[written.doc_id])[0].asked == ("며칠이에요",)
    assert "{{window_days}}" in found["collected"].body
    assert not chunk_document(found["collected"])[0].asked


@pytest.mark.parametrize("author", [1, ["staff"], None, {"a": 1}])
def test_a_line_with_a_strange_author_is_told_apart(tmp_path: Path, author: object) -> None:
    shelf, _ = put(Shelf(), Draft("기간", "## 기간\n7일", TODAY))
    path = tmp_path / "policies.jsonl"
    shelf.write(path)
    line = {**json.loads(path.read_text("utf-8")), "author": author}
    path.write_text(json.dumps(line), "utf-8")
    assert len(read_shelf(path).unreadable) == 1


def test_only_a_written_edition_ends_the_shops_own_file() -> None:
    shelf, new = put(Shelf(), Draft("기간", "## 기간\n9일", TODAY, "returns"), ours())
    found = seen(shelf, ours())
    assert found["returns"].effective_to == TODAY - timedelta(days=1)
    assert (new.doc_id, new.version, new.source) == ("returns.v2", 2, "policies/returns.md")
    collected = replace(shelf, rows=(replace(shelf.rows[0], author=""),))
    assert seen(collected, ours())["returns"].effective_to is None


def test_three_editions_stand_in_a_row_and_come_off_from_the_end() -> None:
    shelf, files = Shelf(), ours()
    last = "returns"
    for number, days in enumerate((0, 10, 20)):
        draft = Draft("기간", f"## 기간\n{number}일", TODAY + timedelta(days=days), last)
        shelf, document = put(shelf, draft, files)
        last = document.doc_id
    found = list(seen(shelf, files).values())
    assert [one.version for one in found] == [1, 2, 3, 4]
    for earlier, later in pairwise(found):
        assert later.effective_from is not None
        assert earlier.effective_to == later.effective_from - timedelta(days=1)
    for gone in ("returns.v4", "returns.v3", "returns.v2"):
        shelf, row = withdraw(shelf, gone)
        assert row.document.doc_id == gone
        assert list(seen(shelf, files).values())[-1].effective_to is None
    assert seen(shelf, files) == {one.doc_id: one for one in files}


def test_two_who_edit_the_same_edition_do_not_overwrite_each_other() -> None:
    shelf, first = put(Shelf(), Draft("기간", "## 기간\n1일", TODAY))
    mine = Draft("기간", "## 기간\n내 글", TODAY, first.doc_id)
    theirs = Draft("기간", "## 기간\n남의 글", TODAY + timedelta(days=1), first.doc_id)
    shelf, _ = put(shelf, theirs)
    with pytest.raises(StateChanged):
        put(shelf, mine)


def test_an_internal_edition_to_come_leaves_todays_public() -> None:
    shelf, first = put(Shelf(), Draft("기간", "## 기간\n1일", TODAY))
    later = Draft(
        "기간", "## 기간\n내부", TODAY + timedelta(days=5), first.doc_id, audience="staff"
    )
    shelf, second = put(shelf, later)
    found = seen(shelf)
    assert (found[first.doc_id].audience, found[second.doc_id].audience) == ("public", "staff")


def test_a_rule_that_has_gone_leaves_its_text_out_of_the_index(caplog) -> None:
    shelf, document = put(Shelf(), Draft("기간", BODY, TODAY))
    assert with_shelf([], shelf, {}, "policies.jsonl") == []
    assert document.doc_id in caplog.text
    assert problems(Draft("기간", BODY, TODAY), shelf, [], {}, TODAY)[0].kind == "refused"


def test_a_difference_reads_back_to_both_texts() -> None:
    before, after = "받은 날부터 7일 안에 신청하십시오.", "받은 날부터 10일 안에 알려 주십시오."
    runs = text_difference(before, after)
    assert "".join(text for kind, text in runs if kind != "in") == before
    assert "".join(text for kind, text in runs if kind != "out") == after
    assert [kind for kind, _ in text_difference("가 " * 3_000, "나")] == ["out", "in"]
