"""The command: what it prints, keeps, writes, and how it ends."""

from __future__ import annotations

import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from evals import compare, runner
from evals.console import columns
from evals.subject import Subject
from store import eval_runs


def stored(shop):
    with shop.database.read() as tx:
        return eval_runs.runs(tx)


def reports(shop) -> list[Path]:
    return sorted((shop.settings.data_path / "evals").glob("*/report.json"))


def test_a_run_is_printed_kept_and_written(run, shop, capsys):
    assert run("run") == 0
    out = capsys.readouterr().out
    assert re.search(r"정확도 +90\.0% +59\.6~98\.2% +10 +처음", out)
    assert "환불 <b>언제</b> 돼요?" in out
    assert "evals/tiny.tsv:3" in out
    (kept,) = stored(shop)
    (path,) = reports(shop)
    report = json.loads(path.read_text("utf-8"))
    assert path.parent.name == kept.run_id == report["run_id"]
    assert kept.revision == report["revision"]
    assert re.fullmatch(r"[0-9a-f]{7,}(\+[0-9a-f]{8})?", kept.revision)
    with shop.database.read() as tx:
        assert eval_runs.results(tx, kept.run_id) == report["results"]


def test_a_fall_past_the_margin_fails_and_says_from_what_to_what(run, tiny, capsys):
    tiny.n, tiny.hits = 100, 90
    assert run("run") == 0
    tiny.hits = 89  # one point is the margin itself
    assert run("run") == 0
    tiny.hits = 87
    assert run("run") == 1
    told = capsys.readouterr().err
    assert "tiny · 정확도: 89.0% → 87.0% (허용 1.0%p)" in told
    assert run("run") == 0  # compared with the last run, not with the best one


def test_with_other_data_the_interval_decides(run, tiny):
    tiny.n, tiny.hits = 100, 90
    assert run("run") == 0
    tiny.n, tiny.hits = 50, 43  # 86 %, and 90 % is well inside its interval
    assert run("run") == 0
    tiny.n, tiny.hits = 100, 60
    assert run("run") == 1


def test_a_goal_that_the_baseline_reached_must_be_reached(run, tiny, capsys):
    tiny.n, tiny.hits, tiny.goal = 1000, 903, 0.9
    assert run("run", "--save-baseline") == 0
    tiny.hits = 896  # within the margin of one point, but below the goal
    assert run("run") == 1
    assert "목표 90.0%에 닿았다가 놓쳤습니다. 90.3% → 89.6%" in capsys.readouterr().err
    assert run("run", "--against", "last") == 1  # the last run missed it too: the baseline counts


def test_the_baseline_is_compared_with_when_nothing_is_stored(run, tiny, shop, tmp_path):
    tiny.hits = 10
    assert run("run", "--save-baseline") == 0
    base = json.loads(compare.BASELINE.read_text("utf-8"))
    assert base["run_id"] == "baseline"
    assert base["results"]["tiny"]["metrics"][0]["value"] == 1.0
    with shop.database.write() as tx:
        eval_runs.prune(tx, keep=0)
    tiny.hits = 9
    assert run("run") == 1


def test_wrong_examples_never_enter_the_baseline(run):
    assert run("run", "--save-baseline") == 0
    assert "환불" not in compare.BASELINE.read_text("utf-8")


def test_a_report_can_be_compared_with(run, tiny, tmp_path, capsys):
    tiny.hits = 10
    assert run("run", "--report", tmp_path / "out") == 0
    tiny.hits = 5
    assert run("run") == 1
    assert run("run", "--against", tmp_path / "out" / "report.json") == 1
    assert "100.0% → 50.0%" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--suite", "nothing"],
        ["--against", "/nowhere.json"],
        ["--against", __file__],
        ["--report", __file__],
    ],
    ids=["suite", "file", "no-report", "no-folder"],
)
def test_bad_arguments_are_refused_before_any_work(run, tiny, shop, capsys, arguments):
    assert run("run", *arguments) == 2
    assert capsys.readouterr().err.strip()
    assert not tiny.subjects
    assert not stored(shop)


def test_a_broken_suite_is_told_and_fails_the_run(run, tiny, shop, capsys, caplog):
    tiny.error = ZeroDivisionError
    assert run("run") == 1
    captured = capsys.readouterr()
    assert "측정하지 못했습니다: ZeroDivisionError" in captured.err
    assert "건너뜀" in captured.out
    assert "suite tiny broke" in caplog.text
    with shop.database.read() as tx:
        assert eval_runs.latest(tx) == {}  # nothing to compare the next run with


def test_an_interrupted_run_keeps_nothing(run, tiny, shop, capsys):
    tiny.error = KeyboardInterrupt
    assert run("run") == 130
    assert "아무것도 저장하지 않았습니다" in capsys.readouterr().err
    assert not stored(shop)
    assert not reports(shop)


def test_progress_for_programs(run, capsys, tmp_path):
    assert run("run", "--progress", "-", "--json") == 0
    lines = capsys.readouterr().out.splitlines()
    told = [json.loads(line) for line in lines if line.startswith('{"suite"')]
    assert told[0] == {"suite": "", "done": 0, "of": 1}
    assert told[-1] == {"suite": "tiny", "done": 10, "of": 10}
    document = json.loads("\n".join(lines[len(told) :]))
    assert document["failures"] == []
    assert run("run", "--progress", tmp_path / "deep" / "p.jsonl") == 0
    assert (tmp_path / "deep" / "p.jsonl").read_text("utf-8").splitlines()[0] == lines[0]


def test_old_runs_and_their_reports_go(run, shop, monkeypatch):
    monkeypatch.setattr(runner, "KEPT_RUNS", 2)
    for _ in range(4):
        assert run("run") == 0
    kept = [one.run_id for one in stored(shop)]
    assert len(kept) == 2
    assert sorted(path.parent.name for path in reports(shop)) == sorted(kept)


def test_list_names_size_and_baseline(run, capsys):
    assert run("list") == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["묶음", "제목", "크기", "배포본", "기준"]
    assert re.fullmatch(r"tiny +작은 묶음 +10 +–", row)


def test_columns_count_hangul_twice():
    assert columns([("가", "1"), ("abc", "22")], right=(1,)) == ["가    1", "abc  22"]


def test_a_fresh_shop_is_a_copy(base, tmp_path):
    subject = Subject(base, tmp_path)
    with subject.fresh_shop() as (one, clock), subject.fresh_shop() as (other, _):
        caller = one.accounts.caller("user_001")
        one.tool(caller, "create_ticket", issue_type="refund", description="한쪽에만 있어요")
        clock.pass_(days=1)
        assert len(one.tool(caller, "list_tickets").items) == 1 + len(
            other.tool(caller, "list_tickets").items
        )
        assert one.clock() > other.clock() == base.clock()
        assert one.index is base.index
    assert not [name for name in os.listdir(tmp_path) if name.startswith("tmp")]


# ── the report ───────────────────────────────────────────────────────────────────────────


class Page(HTMLParser):
    """Collects what a page is made of; complains about tags left open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.addresses += [v for k, v in attributes if k in ("src", "href") and v]
        if tag not in ("meta", "br", "rect", "circle", "line"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in ("rect", "circle", "line"):
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_the_report_is_whole_escaped_and_self_contained(run, tiny, shop):
    tiny.goal = 0.95
    assert run("run") == 0
    html = reports(shop)[0].with_name("report.html").read_text("utf-8")
    page = Page()
    page.feed(html)
    assert not page.open
    assert not page.tags & {"script", "link", "iframe", "img", "b "}
    assert all(address.startswith("#") for address in page.addresses)
    assert "url(" not in html
    assert "@import" not in html
    text = " ".join(page.texts)
    assert "환불 <b>언제</b> 돼요?" in text  # as text, not as mark-up
    assert "목표 1개 중 0개에 닿았습니다" in text
    assert "✗ 미달" in text
    assert "59.6~98.2%" in text
