"""Train, development and test share no sentence; and the check that says so can fail."""

from __future__ import annotations

from evals.apart import Sentence, Sentences, overlaps, plain, sentences


def of(*rows: tuple[str, str]) -> Sentences:
    return Sentences([Sentence(part, f"{part}:{n}", text) for n, (part, text) in enumerate(rows)])


def test_train_development_and_test_are_apart():
    found = sentences()
    counts = found.counts()
    assert counts["train"] > 2000
    assert counts["dev"] > 500
    assert counts["test"] > 1000
    pairs = overlaps(found)
    assert not pairs, "\n".join(map(str, pairs))


def test_marks_spaces_and_width_hide_nothing():
    assert plain(" 환불, 언제 ＯＫ?! ~") == "환불언제ok"
    (pair,) = overlaps(of(("train", "환불 언제돼요?"), ("test", "환불언제 돼요~")))
    assert pair.likeness == 1
    assert "train:0" in str(pair)
    assert "test:1" in str(pair)


def test_nearly_the_same_is_the_same():
    long = "지난주에 주문한 파란색 운동화를 아직 받지 못했는데 언제 오나요"
    assert overlaps(of(("dev", long), ("test", long + "?? 네")))
    assert not overlaps(of(("dev", long), ("test", "지난주에 주문한 이불은 언제 오나요")))


def test_within_a_part_sentences_may_repeat():
    assert not overlaps(of(("train", "네"), ("train", "네"), ("dev", "네네")))


def test_a_single_word_belongs_to_nobody():
    assert not overlaps(of(("train", "네"), ("dev", "네!"), ("test", "ㅇㅇ")))
    assert overlaps(of(("train", "취소요"), ("dev", "취소요")))


def test_every_kind_of_file_is_read(tmp_path):
    for folder in ("data/intents", "data/policies", "evals/a", "evals/b"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "data/intents/x.yaml").write_text(
        "intent: x\nexamples:\n  - 하나\n  - {text: 둘, last_intent: y}\n", "utf-8"
    )
    (tmp_path / "data/policies/p.md").write_text(
        "## 조항\n<!-- 이렇게 물어요\n셋\n-->\n본문\n<!-- 아무 말 -->\n", "utf-8"
    )
    (tmp_path / "evals/a/dev.tsv").write_text('label\t넷 "따옴표\n', "utf-8")
    (tmp_path / "evals/a/test.jsonl").write_text('{"question": "다섯", "topic": "t"}\n', "utf-8")
    (tmp_path / "evals/b/followups_test.yaml").write_text("- text: 여섯\n  intent: x\n", "utf-8")
    (tmp_path / "evals/b/test.yaml").write_text("now: 2026\nitems:\n  - query: 일곱\n", "utf-8")
    (tmp_path / "evals/b/latest.yaml").write_text("- text: 여덟\n", "utf-8")
    found = {(one.part, one.text) for one in sentences(tmp_path).all}
    assert found == {
        ("train", "하나"), ("train", "둘"), ("train", "셋"), ("dev", '넷 "따옴표'),
        ("test", "다섯"), ("test", "여섯"), ("test", "일곱"),
    }  # fmt: skip
