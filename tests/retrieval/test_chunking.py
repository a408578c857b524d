"""Clauses: where they are cut and how they are called."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.chunking import chunk_document, split_sentences
from tests.retrieval.conftest import make_document

SENTENCES = st.lists(
    st.from_regex(r"[가-힣 ]{1,60}[가-힣][.?!]", fullmatch=True).map(str.strip), min_size=1
)


def test_one_clause_a_heading_and_one_for_the_opening():
    document = make_document("a", "여는 글.\n\n## 첫째\n하나.\n\n## 둘째 ##\n둘.", title="안내")
    chunks = chunk_document(document)
    assert [(c.section, c.text, c.position) for c in chunks] == [
        ("안내", "여는 글.", 0),
        ("첫째", "하나.", 1),
        ("둘째", "둘.", 2),
    ]
    assert {(c.doc_id, c.title, c.audience) for c in chunks} == {("a", "안내", "public")}


def test_a_title_line_and_empty_sections_are_no_clauses():
    document = make_document("a", "# 안내\n\n## 빈 절\n\n## 둘째\n### 소제목\n글.")
    assert [(c.section, c.text) for c in chunk_document(document)] == [("둘째", "### 소제목\n글.")]


def test_ids_survive_a_clause_put_in_front():
    before = chunk_document(make_document("a", "## 반품 기간은?\n7일."))
    after = chunk_document(make_document("a", "## 새 절\n글.\n\n## 반품 기간은?\n7일."))
    assert before[0].chunk_id == after[1].chunk_id == "a#반품-기간은"


def test_equal_and_unspeakable_headings_get_ids_of_their_own():
    body = "## 기간\n하나.\n## 기간\n둘.\n## ???\n셋.\n## !!!\n넷."
    ids = [chunk.chunk_id for chunk in chunk_document(make_document("a", body))]
    assert ids == ["a#기간", "a#기간-2", "a#clause", "a#clause-2"]


def test_long_sections_are_split_between_sentences():
    sentences = [f"{number}번째 문장은 이만큼 깁니다." for number in range(60)]
    chunks = chunk_document(make_document("a", "## 긴 절\n" + " ".join(sentences)), max_chars=200)
    assert len(chunks) > 3
    assert all(len(chunk.text) <= 200 for chunk in chunks)
    assert [s for chunk in chunks for s in split_sentences(chunk.text)] == sentences
    assert [chunk.chunk_id for chunk in chunks[:3]] == ["a#긴-절", "a#긴-절~2", "a#긴-절~3"]
    assert {chunk.section for chunk in chunks} == {"긴 절"}


def test_one_sentence_is_never_cut():
    long = "가" * 900 + "."
    chunks = chunk_document(make_document("a", f"## 절\n짧다. {long} 끝."))
    assert [chunk.text for chunk in chunks] == ["짧다.", long, "끝."]


def test_sentences_keep_numbers_and_quotes_whole():
    text = '1.5배입니다. "정말요?" 네! 2026. 1. 5. 부터\n다음 줄'
    expected = ["1.5배입니다.", '"정말요?"', "네!", "2026. 1. 5. 부터", "다음 줄"]
    assert split_sentences(text) == expected


@settings(max_examples=40, deadline=None)
@given(SENTENCES)
def test_nothing_is_lost_or_cut(sentences: list[str]):
    document = make_document("a", "## 절\n" + " ".join(sentences))
    pieces = [s for chunk in chunk_document(document, max_chars=80) for s in chunk.text.split()]
    assert pieces == " ".join(sentences).split()
