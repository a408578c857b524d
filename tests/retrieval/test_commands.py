"""The terminal, and the measuring behind ``bench``."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import settings
from errors import BadInput
from retrieval import bench
from retrieval.__main__ import main

pytestmark = pytest.mark.slow

POLICIES = settings.ROOT / "data" / "policies"
KORQUAD = settings.ROOT.parent / "shared" / "korean" / "KorQuAD_v1.0_dev.json"
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


@pytest.fixture
def data_dir(tmp_path: Path, encoder, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that already holds the encoder's basis, which takes 4 s to work out."""
    folder = tmp_path / "var" / "policy_index"
    folder.mkdir(parents=True)
    encoder.basis()
    (folder / encoder.cache_file.name).write_bytes(encoder.cache_file.read_bytes())
    monkeypatch.setenv("SANGDAM_DATA_DIR", str(tmp_path / "var"))
    return folder


def test_bench_measures_every_mode(files, tokenizer, encoder):
    rows = bench.run(*files, tokenizer, encoder)
    assert [row.mode for row in rows] == ["hybrid", "keyword", "vector"]
    assert all(row.recall_1 == row.recall_5 == row.mrr_10 == 1 for row in rows[:2])
    assert all(row.ms > 0 for row in rows)


def test_a_passage_is_one_clause_however_long(tmp_path: Path, tokenizer, encoder):
    long = "환불 안내 문장입니다. " * 100
    passages = write(tmp_path / "p.jsonl", [{"id": 1, "text": long}, *PASSAGES])
    asked = write(tmp_path / "q.jsonl", [{"text": "환불 안내 문장", "relevant": [1]}])
    assert bench.run(passages, asked, tokenizer, encoder)[0].recall_1 == 1


def test_figures_are_what_they_are_called(search):
    asked = [
        bench.Question("환불은 언제 되나요", frozenset({"refund"})),
        bench.Question("환불은 언제 되나요", frozenset({"no such"})),
        bench.Question("😀", frozenset({"refund"})),
    ]
    row = bench.measure(search, asked, "hybrid")
    assert (row.recall_1, row.recall_5) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert row.mrr_10 == pytest.approx(1 / 3)
    by_meaning = bench.Question("임금 체불", frozenset({"refund"}))
    assert bench.measure(search, [by_meaning], "keyword").recall_5 == 0
    assert bench.measure(search, [], "hybrid").recall_1 == 0


@pytest.mark.parametrize("line", ["{", '{"id": 1}', "[]", '"text"'])
def test_bad_lines_are_named(tmp_path: Path, line: str):
    path = tmp_path / "p.jsonl"
    path.write_text(f'{{"id": 1, "text": "글"}}\n{line}\n', "utf-8")
    with pytest.raises(BadInput, match="2번째 줄"):
        bench.passage_documents(path)


def test_bench_command(files, data_dir: Path, capsys: pytest.CaptureFixture[str]):
    passages, questions = map(str, files)
    assert main(["bench", "--passages", passages, "--questions", questions]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["mode", "R@1", "R@5", "MRR@10", "ms"]
    assert lines[1].split()[:2] == ["hybrid", "1.000"]


def test_a_missing_file_is_a_message(
    tmp_path: Path, data_dir: Path, capsys: pytest.CaptureFixture[str]
):
    nowhere = str(tmp_path / "nowhere.jsonl")
    assert main(["bench", "--passages", nowhere, "--questions", nowhere]) == 1
    assert "nowhere.jsonl" in capsys.readouterr().err


@pytest.mark.skipif(not list(POLICIES.glob("*.md")), reason="data/policies is not written yet")
def test_index_and_search_commands(data_dir: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["search", "환불은 언제 되나요", "--top-k", "3"]) == 0  # builds by itself
    captured = capsys.readouterr()
    assert captured.out.startswith("hybrid")
    assert "refund" in captured.out
    assert "추가" in captured.err
    assert main(["index"]) == 0
    assert "추가 0" in capsys.readouterr().err
    assert main(["search", "😀"]) == 0
    assert "찾은 조항이 없습니다" in capsys.readouterr().out


@pytest.mark.process
def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, retrieval;"
        "heavy = {'kiwipiepy', 'lancedb', 'numpy', 'pyarrow', 'yaml', 'streamlit', 'settings'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=settings.ROOT, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_korquad(tmp_path: Path, tokenizer, encoder):
    """A slice of somebody else's data: 60 passages, one question each."""
    if not KORQUAD.is_file():
        pytest.skip(f"{KORQUAD} is not here")
    data = json.loads(KORQUAD.read_text("utf-8"))["data"]
    paragraphs = [paragraph for article in data for paragraph in article["paragraphs"]][:60]
    passages = [{"id": n, "text": one["context"]} for n, one in enumerate(paragraphs)]
    asked = [
        {"text": one["qas"][0]["question"], "relevant": [n]} for n, one in enumerate(paragraphs)
    ]
    hybrid, keyword, vector = bench.run(
        write(tmp_path / "p.jsonl", passages),
        write(tmp_path / "q.jsonl", asked),
        tokenizer,
        encoder,
    )
    assert hybrid.recall_1 >= 0.9
    assert keyword.recall_1 >= 0.88
    assert vector.recall_1 >= 0.7


def test_the_shops_policies_answer_everyday_questions(tmp_path: Path, tokenizer, encoder):
    from retrieval import PolicyIndex, PolicySearch, load_folder

    index = PolicyIndex(tmp_path, tokenizer, encoder)
    index.build(load_folder(POLICIES, settings.load().rules()))
    search = PolicySearch(index)
    for query, doc_id in {
        "돈 언제 돌려받아요?": "refund-timing",
        "비밀번호가 기억 안 나요": "account",
        "운송장 번호 어디서 봐요": "tracking-and-delays",
        "현금영수증 해주세요": "receipts",
    }.items():
        result = search.search(query, today=date(2026, 11, 21))
        assert doc_id in [hit.chunk.doc_id for hit in result.hits], query
        assert result.confident, query
