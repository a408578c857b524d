"""The terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import settings
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


def test_bench_command(files, data_dir: Path, capsys: pytest.CaptureFixture[str]):
    passages, questions = map(str, files)
    assert main(["bench", "--passages", passages, "--questions", questions]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["mode", "R@1", "R@5", "MRR@10", "ms"]
    assert [line.split()[0] for line in lines[1:5]] == ["keyword", "vector", "rrf", "hybrid"]
    assert lines[4].split()[1] == "1.000"


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
    assert main(["index", "--rebuild"]) == 0
    assert "그대로 0" in capsys.readouterr().err


def test_what_is_collected_answers_and_its_past_is_for_staff(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "지게차.md"
    file.write_text("## 지게차 임대료\n지게차 임대료는 하루 9,000원입니다.", "utf-8")
    assert main(["collect", str(file), "--category", "임대"]) == 0
    report = capsys.readouterr().out
    assert report.startswith("새로")
    assert "새로 1 · 바뀜 0 · 그대로 0 · 실패 0" in report
    file.write_text("## 지게차 임대료\n지게차 임대료는 하루 8,000원입니다.", "utf-8")
    assert main(["collect", str(file), str(tmp_path / "nowhere.pdf")]) == 1
    report = capsys.readouterr().out
    assert "버전 2" in report
    assert "파일이나 폴더가 없습니다" in report

    assert main(["index"]) == 0

    def asked(*options: str) -> list[str]:
        assert main(["search", "지게차 임대료", "--json", *options]) == 0
        hits = json.loads(capsys.readouterr().out)["hits"]
        return [hit["chunk"]["text"] for hit in hits if "지게차" in hit["chunk"]["text"]]

    now, past = (f"지게차 임대료는 하루 {price}원입니다." for price in ("8,000", "9,000"))
    assert asked() == asked("--staff") == asked("--superseded") == [now]
    assert sorted(asked("--staff", "--superseded")) == [now, past]
    (data_dir.parent / "policies.jsonl").unlink()
    assert main(["index"]) == 0
    assert "삭제 2" in capsys.readouterr().err
    assert asked("--staff", "--superseded") == []


def test_a_line_that_cannot_be_read_is_named_and_the_rest_answers(
    data_dir: Path, caplog: pytest.LogCaptureFixture
):
    (data_dir.parent / "policies.jsonl").write_text("broken\n", "utf-8")
    assert main(["index"]) == 1
    assert "policies.jsonl 1번째 줄" in caplog.text
    assert main(["search", "환불은 언제 되나요"]) == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["collect"], "--urls"),
        (["collect", "--urls", "nowhere.txt"], "nowhere.txt"),
    ],
)
def test_collect_says_what_it_needs(
    arguments: list[str], says: str, data_dir: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(arguments) == 1
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("option", [["--from", "어제"], ["--max-mb", "-1"], ["--delay", "nan"]])
def test_options_of_the_wrong_kind(option: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["collect", "a.md", *option])
    assert "적어 주세요" in capsys.readouterr().err


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
    report = bench.run(
        write(tmp_path / "p.jsonl", passages),
        write(tmp_path / "q.jsonl", asked),
        tokenizer,
        encoder,
    )
    found = {row.mode: row.recall_1 for row in report.rows}
    assert found["hybrid"] >= 0.9
    assert found["hybrid"] >= max(found["keyword"], found["vector"]) - 0.005


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
