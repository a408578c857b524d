"""``policies.jsonl``: editions, their days, and a file that is whole at any time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import settings
from errors import BadInput, Unavailable
from retrieval.documents import load_all
from retrieval.shelf import FILE, Shelf, locked, read_shelf
from retrieval.types import Document
from tests.retrieval.test_documents import text_of

TODAY = date(2026, 11, 21)
YESTERDAY = date(2026, 11, 20)
NOW = "2026-11-21T00:00:00+00:00"


def found(body: str = "7일 안에 합니다.", **fields: Any) -> Document:
    plain = {
        "doc_id": "shop.v1-1a2b",
        "title": "반품",
        "category": "기타 안내",
        "audience": "public",
        "effective_from": None,
        "effective_to": None,
        "version": 1,
        "body": body,
        "content_hash": "",
        "source": "https://shop.v1/",
    }
    return Document(**{**plain, **fields})


def put(shelf: Shelf, document: Document, today: date = TODAY, **given: Any) -> Shelf:
    return shelf.put(document, given, NOW, today)[0]


def editions(shelf: Shelf) -> list[tuple[str, date | None, date | None]]:
    documents = [row.document for row in shelf.rows]
    return [(one.doc_id, one.effective_from, one.effective_to) for one in documents]


def test_the_same_text_changes_nothing():
    shelf, _, first = Shelf().put(found(), {}, NOW, TODAY)
    again, _, second = shelf.put(found(), {}, "later", TODAY)
    assert (first, second) == ("new", "unchanged")
    assert again is shelf


def test_another_text_is_a_new_edition_from_today():
    shelf = put(put(Shelf(), found()), found("14일 안에 합니다."))
    assert editions(shelf) == [
        ("shop.v1-1a2b", None, YESTERDAY),
        ("shop.v1-1a2b.v2", TODAY, None),
    ]
    assert [row.document.version for row in shelf.rows] == [1, 2]
    assert put(shelf, found("14일 안에 합니다.")) is shelf


def test_the_day_that_the_new_text_states_divides_the_editions():
    first = put(Shelf(), found(effective_from=date(2026, 1, 1)))
    coming = put(first, found("14일.", effective_from=date(2027, 1, 1)))
    assert editions(coming) == [
        ("shop.v1-1a2b", date(2026, 1, 1), date(2026, 12, 31)),
        ("shop.v1-1a2b.v2", date(2027, 1, 1), None),
    ]


def test_a_text_changed_under_the_same_stated_day_starts_today():
    first = put(Shelf(), found(effective_from=date(2026, 1, 1)))
    second = put(first, found("14일.", effective_from=date(2026, 1, 1)))
    assert editions(second)[1][1] == TODAY
    assert put(second, found("14일.", effective_from=date(2026, 1, 1))) is second


def test_an_edition_that_never_came_into_force_is_replaced_without_overlap():
    shelf = put(Shelf(), found(effective_from=date(2026, 1, 1)))
    shelf = put(shelf, found("예고.", effective_from=date(2027, 1, 1)))
    shelf = put(shelf, found("앞당김.", effective_from=date(2026, 12, 1)))
    assert editions(shelf) == [
        ("shop.v1-1a2b", date(2026, 1, 1), date(2026, 11, 30)),
        ("shop.v1-1a2b.v3", date(2026, 12, 1), None),
    ]


def test_two_changes_on_one_day_leave_the_last():
    shelf = put(put(put(Shelf(), found()), found("가.")), found("나."))
    assert editions(shelf) == [
        ("shop.v1-1a2b", None, YESTERDAY),
        ("shop.v1-1a2b.v3", TODAY, None),
    ]


def test_what_is_given_corrects_the_edition_and_stays():
    shelf = put(Shelf(), found(), category="배송", audience="staff")
    corrected = put(shelf, found(), effective_from=date(2026, 3, 1))
    assert editions(corrected) == [("shop.v1-1a2b", date(2026, 3, 1), None)]
    new = put(corrected, found("새 글.")).rows[-1].document
    assert (new.category, new.audience) == ("배송", "staff")  # an internal text stays internal


@pytest.mark.parametrize("given", [{"category": "배송"}, {"audience": "staff"}, {"title": "새"}])
def test_what_is_given_with_another_text_is_the_new_editions(given: dict[str, Any]):
    new = put(put(Shelf(), found()), found("새 글."), **given).rows[-1].document
    assert {name: getattr(new, name) for name in given} == given


def test_who_makes_a_source_internal_makes_all_of_it_internal():
    """Its edition in force and the one to come, by an option or by front matter."""
    shelf = put(put(Shelf(), found()), found("예고.", effective_from=date(2027, 1, 1)))
    by_option = put(shelf, found("예고."), audience="staff")
    by_text = put(shelf, found("예고.", audience="staff"))
    by_new_text = put(shelf, found("새 글.", audience="staff"))
    for changed in (by_option, by_text, by_new_text):
        assert {row.document.audience for row in changed.rows} == {"staff"}
    assert put(by_text, found("예고.", audience="staff")) is by_text
    assert put(by_option, found("예고."), audience="public").rows[-1].document.audience == "public"


@pytest.mark.parametrize("first", [Shelf(), put(Shelf(), found()), put(Shelf(), found("옛 글."))])
def test_days_given_the_wrong_way_round_are_told(first: Shelf):
    with pytest.raises(BadInput, match="--to"):
        put(first, found(), effective_from=date(2027, 1, 1), effective_to=date(2026, 12, 31))
    kept = put(Shelf(), found(effective_to=TODAY), effective_from=date(2027, 1, 1))
    assert editions(kept) == [("shop.v1-1a2b", date(2027, 1, 1), None)]  # one found gives way


def test_a_given_day_wins():
    shelf = put(put(Shelf(), found()), found("새 글."), effective_from=date(2026, 12, 24))
    assert editions(shelf)[0][2] == date(2026, 12, 23)
    assert editions(shelf)[1][1] == date(2026, 12, 24)


def test_a_shelf_comes_back_as_it_was_written(tmp_path: Path):
    shelf = put(put(Shelf(), found("가\u2028나\n{{return_window_days}}")), found("새 글."))
    shelf.write(tmp_path / FILE)
    assert read_shelf(tmp_path / FILE) == shelf
    row = json.loads((tmp_path / FILE).read_text("utf-8").split("\n")[0])
    assert row.keys() >= {"doc_id", "fetched_at", "content_hash", "source", "effective_to"}


BAD_LINES = [
    "{", "[]", '"글"', '{"doc_id": "a"}', "9" * 5000, "[" * 100_000, "\udcff\udcfe",
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD_LINES)
def test_a_line_that_cannot_be_read_is_told_and_kept(tmp_path: Path, bad: str):
    target = tmp_path / FILE
    put(Shelf(), found()).write(target)
    with target.open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.write(f"{bad}\n")
    shelf = read_shelf(target)
    assert shelf.unreadable == ((2, bad),)
    put(shelf, found("새 글.")).write(target)
    after = read_shelf(target)
    assert len(after.rows) == 2
    assert after.unreadable == ((3, bad),)


@pytest.mark.parametrize(
    "change",
    [
        {"doc_id": "a b"}, {"audience": "everyone"}, {"version": 0}, {"version": True},
        {"body": " "}, {"title": 3}, {"effective_from": "어제"}, {"source": None},
        {"title": " "}, {"body": "\ud800"},
        {"effective_from": "2026-02-01", "effective_to": "2026-01-31"},
    ],
)  # fmt: skip
def test_a_row_of_the_wrong_kind_is_told(tmp_path: Path, change: dict[str, Any]):
    target = tmp_path / FILE
    put(Shelf(), found()).write(target)
    row = json.loads(target.read_text("utf-8"))
    target.write_text(json.dumps({**row, **change}), "utf-8")
    assert [number for number, _ in read_shelf(target).unreadable] == [1]


def test_a_file_saved_by_an_editor_of_windows_is_read(tmp_path: Path):
    target = tmp_path / FILE
    shelf = put(put(Shelf(), found()), found("새 글."))
    shelf.write(target)
    text = target.read_text("utf-8").replace("\n", "\r\n")
    target.write_bytes(f"\ufeff{text}".encode())
    assert read_shelf(target) == shelf


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="쓸 수 없습니다"), locked(tmp_path / "file" / FILE):
        pass
    with pytest.raises(Unavailable, match="쓸 수 없습니다"):
        Shelf().write(tmp_path / "file" / FILE)


def test_a_row_changed_by_hand_is_a_changed_document(tmp_path: Path):
    target = tmp_path / FILE
    shelf = put(Shelf(), found())
    shelf.write(target)
    target.write_text(target.read_text("utf-8").replace("7일", "9일"), "utf-8")
    changed = read_shelf(target).rows[0].document
    assert changed.content_hash != shelf.rows[0].document.content_hash


def test_load_all_reads_both_and_leaves_out_what_clashes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "a.md").write_text(text_of("{{days}}일"), "utf-8")
    shelf = put(Shelf(), found("{{days}}일 <!-- 이렇게 물어요\n물음\n-->"))
    shelf = put(shelf, found(doc_id="return-window", source="https://b.kr/"))
    shelf.write(tmp_path / FILE)
    with (tmp_path / FILE).open("a") as file:
        file.write("broken\n")
    documents = load_all(folder, tmp_path / FILE, {"days": 7})
    assert [(one.doc_id, one.body.strip()) for one in documents] == [
        ("return-window", "7일"),
        ("shop.v1-1a2b", "{{days}}일"),  # not filled in, and what is asked is not taken over
    ]
    assert "3번째 줄" in caplog.text
    assert "return-window" in caplog.text


def test_without_a_collection_there_are_the_shops_own_policies(tmp_path: Path):
    (tmp_path / "a.md").write_text(text_of(), "utf-8")
    assert len(load_all(tmp_path, tmp_path / FILE, {})) == 1


def test_one_collector_at_a_time(tmp_path: Path):
    with locked(tmp_path / FILE), pytest.raises(Unavailable), locked(tmp_path / FILE):
        pass
    with locked(tmp_path / FILE):
        pass


KILLED = """
import sys
from pathlib import Path
from retrieval import shelf
path = Path(sys.argv[1])
rows = shelf.read_shelf(path)
print("reading", flush=True)
shelf.os.fsync = lambda file: (print("writing", flush=True), sys.stdin.read())
shelf.Shelf(rows.rows * 100).write(path)
"""


@pytest.mark.process
def test_who_is_killed_while_writing_leaves_the_old_file(tmp_path: Path):
    target = tmp_path / FILE
    shelf = put(Shelf(), found())
    shelf.write(target)
    command = [sys.executable, "-c", KILLED, str(target)]
    with subprocess.Popen(
        command, cwd=settings.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        while b"writing" not in child.stdout.readline():
            pass
        os.kill(child.pid, signal.SIGKILL)
    assert read_shelf(target) == shelf
    put(shelf, found("새 글.")).write(target)  # what the killed one left is in nobody's way
    assert len(read_shelf(target).rows) == 2
