"""The measuring behind ``bench``: figures that can be worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from errors import BadInput
from retrieval import bench
from retrieval.baselines import lancedb_simple, whitespace_bm25

PASSAGES = [
    {"id": "p1", "text": "환불은 상품이 도착한 날부터 3일 안에 합니다."},
    {"id": "p2", "text": "배송비는 3,000원이고 5만원부터 무료입니다."},
    {"id": "p3", "text": "비밀번호를 잊으면 로그인 화면에서 새로 정합니다."},
]
QUESTIONS = [
    {"text": "환불은 며칠 걸리나요", "relevant": ["p1"]},
    {"text": "배송비가 얼마예요", "relevant": ["p2"]},
    {"text": "비밀번호를 잊었어요", "relevant": ["p3", "p9"]},
]


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    return path


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path / "p.jsonl", PASSAGES), write(tmp_path / "q.jsonl", QUESTIONS)


def rows_of(report: bench.BenchReport) -> dict[str, bench.BenchRow]:
    return {row.mode: row for row in report.rows}


def test_every_method_is_measured(files, tokenizer, encoder):
    report = bench.run(*files, tokenizer, encoder, baselines=True)
    rows = rows_of(report)
    assert list(rows) == ["keyword", "vector", "rrf", "hybrid", "whitespace", "lancedb"]
    for name in ("keyword", "rrf", "hybrid"):
        assert rows[name].recall_1 == rows[name].recall_5 == rows[name].mrr_10 == 1
    # "환불은" is one word to both sides; "배송비가" and "배송비는" are two.
    assert rows["whitespace"].recall_1 == pytest.approx(2 / 3)
    assert all(row.ms > 0 for row in report.rows)
    assert (report.passages, report.questions, report.unanswerable) == (3, 3, 0)


def test_a_passage_is_one_clause_however_long(tmp_path: Path, tokenizer, encoder):
    long = "환불 안내 문장입니다. " * 100
    passages = write(tmp_path / "p.jsonl", [{"id": 1, "text": long}, *PASSAGES])
    asked = write(tmp_path / "q.jsonl", [{"text": "환불 안내 문장", "relevant": [1]}])
    assert rows_of(bench.run(passages, asked, tokenizer, encoder))["hybrid"].recall_1 == 1


def test_twins_count_as_one_and_lost_questions_are_told(tmp_path: Path, tokenizer, encoder):
    twin = {"id": "a0", "text": PASSAGES[0]["text"]}  # stands first among equals
    passages = write(tmp_path / "p.jsonl", [twin, *PASSAGES])
    lost = {"text": "환불은 며칠 걸리나요", "relevant": ["p9"]}
    asked = write(tmp_path / "q.jsonl", [QUESTIONS[0], lost])
    report = bench.run(passages, asked, tokenizer, encoder)
    assert report.unanswerable == 1
    assert rows_of(report)["hybrid"].recall_1 == 0.5


def test_figures_are_what_they_are_called(search):
    asked = [
        bench.Question("환불은 언제 되나요", frozenset({"refund"})),
        bench.Question("환불은 언제 되나요", frozenset({"no such"})),
        bench.Question("😀", frozenset({"refund"})),
    ]
    row = bench.measure(search, asked)[-1]
    assert row.mode == "hybrid"
    assert (row.recall_1, row.recall_5) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert row.mrr_10 == pytest.approx(1 / 3)
    by_meaning = bench.Question("임금 체불", frozenset({"refund"}))
    keyword, vector, *_ = bench.measure(search, [by_meaning])
    assert keyword.recall_5 == 0
    assert vector.mrr_10 > 0
    assert bench.measure(search, [])[-1].recall_1 == 0


def test_clauses_are_told_apart(search):
    wanted = frozenset({"refund#은행-계좌로-받을-수-있나요"})
    question = bench.Question("은행 계좌로 받을 수 있나요", wanted)
    assert bench.measure(search, [question], clauses=True)[-1].recall_1 == 1
    assert bench.measure(search, [question])[-1].recall_1 == 0


def test_customers_questions_never_find_internal_clauses(search):
    question = bench.Question("환불 승인 절차 담당자", frozenset({"approval"}))
    assert all(row.recall_5 == 0 for row in bench.measure(search, [question]))


@pytest.mark.parametrize(
    "line",
    ["{", '{"id": 1}', "[]", '"text"', '{"id": null, "text": "글"}', '{"id": 2, "text": null}',
     "[" * 100_000],
)  # fmt: skip
def test_bad_lines_are_named(tmp_path: Path, line: str):
    path = tmp_path / "p.jsonl"
    path.write_text(f'{{"id": 1, "text": "글"}}\n{line}\n', "utf-8")
    with pytest.raises(BadInput, match="2번째 줄"):
        bench.passage_documents(path)


def test_odd_files_are_read(tmp_path: Path):
    path = tmp_path / "p.jsonl"
    rows = [{"id": 1, "text": "한\u2028줄\x85글"}, {"id": "a\nb", "text": "반\ud800쪽"}]
    lines = "\r\n".join(json.dumps(row, ensure_ascii=row["id"] != 1) for row in rows)
    path.write_bytes(f"\ufeff{lines}\r\n\r\n".encode())
    documents = bench.passage_documents(path)
    assert [(one.doc_id, one.body) for one in documents] == [
        ("1", "한\u2028줄\x85글"),
        ("a\nb", "반?쪽"),
    ]
    path.write_text('{"text": "가", "relevant": "p12"}\n{"text": "나", "relevant": []}', "utf-8")
    assert [one.relevant for one in bench.read_questions(path)] == [{"p12"}, frozenset()]


def test_an_empty_file_is_told(tmp_path: Path):
    (tmp_path / "p.jsonl").write_text("\n")
    with pytest.raises(BadInput, match="비어"):
        bench.read_questions(tmp_path / "p.jsonl")


def test_an_id_that_comes_twice_is_named(tmp_path: Path):
    path = write(tmp_path / "p.jsonl", [*PASSAGES, PASSAGES[1]])
    with pytest.raises(BadInput, match="'p2'"):
        bench.passage_documents(path)


def test_baselines_know_whole_words_only(tmp_path: Path):
    texts = [str(one["text"]) for one in PASSAGES]
    for ask in (whitespace_bm25(texts), lancedb_simple(texts, tmp_path)):
        assert ask("환불은")[0] == 0
        assert ask("로그인 화면에서")[0] == 2
        assert ask("환불") == []
