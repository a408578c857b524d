"""The abuse model: what it hears beyond the words, what it leaves alone, and without its file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agent.guardrails import abuse_model, assess_abuse, check_input
from agent.guardrails.abuse_model import MODEL_PATH, SIZE, places, score
from agent.guardrails.abuse_training import fit, harmless, read_comments, train_abuse
from errors import BadInput
from evals.abuse.sets import comments, harmless_messages
from evals.suites import abuse as suite

ROOT = Path(__file__).resolve().parents[3]
INSULTS = ("인간 쓰레기들 다 죽어야지", "뇌가 없는 벌레들이 운영하나 보네", "극혐 쓰레기 인간들")


@pytest.mark.parametrize("text", INSULTS)
def test_an_insult_without_a_listed_word_is_flagged_and_not_refused(text: str) -> None:
    assert assess_abuse(text).level == "likely"
    checked = check_input(text, max_chars=4000)
    assert (checked.action, checked.text, checked.flags) == ("allow", text, ("abuse",))


def test_the_weights_are_small_and_hold_no_text() -> None:
    assert MODEL_PATH.stat().st_size < 300_000
    with np.load(MODEL_PATH) as stored:
        assert {name: stored[name].dtype.kind for name in stored.files} == {
            "weights": "i", "scale": "f", "intercept": "f",
        }  # fmt: skip
        assert stored["weights"].shape == (SIZE,)


def test_without_its_file_the_words_work_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert score(INSULTS[0], tmp_path / "none.npz") == 0
    (tmp_path / "broken.npz").write_bytes(b"no zip")
    assert score(INSULTS[0], tmp_path / "broken.npz") == 0
    monkeypatch.setattr(abuse_model, "load_weights", lambda path: None)
    assert assess_abuse(INSULTS[0]).level == "none"
    assert assess_abuse("야 이 병신아").level == "pure"


def test_marks_and_stretching_do_not_count() -> None:
    plain = places("정말 화가 나네요")
    for text in (
        "정말 화가 나네요 [카드번호 가림]",
        "정말  화가 나네요 **",
        "정말 화가\u200b 나네요",
    ):
        assert (places(text) == plain).all()
    assert (places("하하하하하") == places("하하하")).all()


def test_places_are_sorted_distinct_and_in_the_table() -> None:
    for text in ("", " ", "가", "abc 가나다", "😀" * 50):
        at = places(text)
        assert (np.diff(at) > 0).all()
        assert ((at >= 0) & (at < SIZE)).all()


def test_training_needs_its_files_and_learns(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"docs/guardrails\.md"):
        read_comments(tmp_path)
    bad = [f"못된 놈들 {n}" for n in range(30)]
    good = [f"고마운 분들 {n}" for n in range(30)]
    lines = [f"{text}|1" for text in bad] + [f"{text}|0" for text in good]
    (tmp_path / "curse_detection_2runo.txt").write_text("\n".join(lines), "utf-8")
    rows = "".join(f"{text} 정말\t{int(text in good)}\n" for text in bad + good)
    (tmp_path / "zizun_comments.csv").write_text("content\tlable\n" + rows, "utf-8-sig")
    report = train_abuse(tmp_path, ROOT / "data", tmp_path / "new.npz", threshold=0.5)
    assert report.cv_f1 == 1
    assert score("못된 놈들 3", tmp_path / "new.npz") > 2 * score(
        "고마운 분들 3", tmp_path / "new.npz"
    )


def test_fit_finds_what_tells_two_classes_apart() -> None:
    from scipy import sparse

    rows = sparse.csr_matrix(np.array([[1, 1, 0], [1, 0, 1]] * 20, dtype=np.float32))
    weights, intercept = fit(rows, np.array([True, False] * 20))
    assert weights[1] + weights[0] + intercept > 0 > weights[2] + weights[0] + intercept


def test_no_alarm_on_harmless_messages() -> None:
    messages = harmless_messages()
    known = {text for text, _ in harmless(ROOT / "data")}
    assert not known & set(messages)
    assert [text for text in messages if assess_abuse(text).level != "none"] == []


def test_figures_on_hatescore() -> None:
    if not comments():
        pytest.skip("shared/korean is not here: the public comments are never copied")
    assert len(harmless_messages()) >= 2000
    result = suite.run(None, lambda done, of: None)  # type: ignore[arg-type]
    figures = {metric.name: metric.value for metric in result.metrics}
    assert figures["f1_balanced"] >= 0.79  # 0.80; its interval is .02 either way
    assert figures["f1_balanced"] > figures["f1_words"] + 0.2
