"""Clauses: where they are cut and how they are called."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

import settings as project
from retrieval.chunking import chunk_document, split_sentences
from retrieval.documents import load_folder
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
    assert [(c.section, c.text) for c in chunk_document(document)] == [("소제목", "글.")]


def test_headings_nest_and_the_path_shows_how():
    body = "# 1장\n가.\n## 기간\n나.\n#### 예외\n다.\n##### 깊은 제목\n라.\n# 2장\n## 기간\n마."
    chunks = chunk_document(make_document("a", body, title="안내"))
    assert [(c.path, c.text) for c in chunks] == [
        ("안내 › 1장", "가."),
        ("안내 › 1장 › 기간", "나."),
        ("안내 › 1장 › 기간 › 예외", "다.\n##### 깊은 제목\n라."),
        ("안내 › 2장 › 기간", "마."),
    ]
    assert [c.chunk_id for c in chunks] == ["a#1장", "a#기간", "a#예외", "a#기간-2"]


def test_what_only_looks_like_a_heading_is_text():
    body = "## 절\n```\n# 주석\n```\n<!--\n## 숨은 제목\n-->\n#태그 글."
    (chunk,) = chunk_document(make_document("a", body))
    assert chunk.text == "```\n# 주석\n```\n\n#태그 글."


def test_headings_lose_their_marks():
    (chunk,) = chunk_document(make_document("a", "## **반품** [기간](https://a.kr/b) `안내`\n글."))
    assert (chunk.section, chunk.chunk_id) == ("반품 기간 안내", "a#반품-기간-안내")


def test_other_ways_of_asking_are_kept_apart_from_the_text():
    asked = "<!-- 이렇게 물어요\n언제까지 돌려보내요\n\n- {{window_days}}일 지났는데요\n-->\n"
    body = f"## 기간\n{asked}7일 안에 합니다.\n<!-- 고칠 것: 근거 -->\n## 다른 절\n글."
    first, second = chunk_document(make_document("a", body))
    assert first.asked == ("언제까지 돌려보내요", "7일 지났는데요")
    assert (first.text, second.asked) == ("7일 안에 합니다.", ())


def test_what_is_asked_belongs_to_the_first_piece_of_a_clause():
    body = "## 절\n<!-- 이렇게 물어요\n물음\n-->\n" + "이 문장은 이만큼 깁니다. " * 20
    chunks = chunk_document(make_document("a", body), max_chars=100)
    assert len(chunks) > 2
    assert [c.asked for c in chunks] == [("물음",)] + [()] * (len(chunks) - 1)


def test_what_is_asked_is_part_of_the_hash():
    plain = make_document("a", "## 절\n글.")
    assert make_document("a", "## 절\n<!-- 이렇게 물어요\n물음\n-->\n글.").content_hash != (
        plain.content_hash
    )


def test_a_long_table_repeats_its_header_and_tears_no_row():
    header = "| 지역 | 요금 |\n|---|---:|"
    rows = [f"| {number}번 지역 | {number:,}00원. 왕복 두 배. |" for number in range(1, 41)]
    table = "\n".join([header, *rows])
    chunks = chunk_document(make_document("a", f"## 요금\n요금표입니다.\n\n{table}"), max_chars=200)
    assert all(len(chunk.text) <= 200 for chunk in chunks)
    assert all(chunk.text.count(header) == 1 for chunk in chunks[1:])
    lines = [line for chunk in chunks for line in chunk.text.split("\n")]
    assert [line for line in lines if line in rows] == rows


def test_items_of_a_list_stay_whole():
    items = [f"- {number}번째 항목입니다. 두 문장입니다." for number in range(20)]
    chunks = chunk_document(make_document("a", "## 목록\n" + "\n".join(items)), max_chars=100)
    assert [line for chunk in chunks for line in chunk.text.split("\n")] == items


def test_a_run_without_an_end_is_no_sentence():
    chunks = chunk_document(make_document("a", "## 절\n" + "가나다라 " * 2000))
    assert max(len(chunk.text) for chunk in chunks) <= 2000
    assert "".join(chunk.text for chunk in chunks).replace(" ", "") == "가나다라" * 2000


def test_existing_clauses_keep_their_ids():
    """Citations in old conversations name them."""
    folder = project.ROOT / "data" / "policies"
    documents = load_folder(folder, project.load({}).rules())
    ids = {chunk.chunk_id for document in documents for chunk in chunk_document(document)}
    assert "return-window#마음이-바뀌었어요-며칠-안에-반품해야-하나요" in ids
    assert "return-window#반품-교환-가능-기간" in ids


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
