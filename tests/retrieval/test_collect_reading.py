"""HTML, Markdown, PDF and DOCX as people have them, into plain Markdown."""

from __future__ import annotations

import io
import re
import time
import zipfile
from typing import Any

import pytest

from errors import BadInput
from retrieval.collect import reading, word
from retrieval.collect.kinds import decode, kind_of
from retrieval.collect.reading import parse, read
from tests.retrieval.collecting import ARTICLE, POLICY, RETURNS, docx, drawing, pdf


def html(inside: str) -> str:
    return parse(ARTICLE.format(inside).encode(), "html").body


def unreadable(data: bytes, kind: Any) -> str:
    with pytest.raises(BadInput) as raised:
        parse(data, kind)
    return raised.value.message


def unreadable_apart(data: bytes, kind: Any, **more: Any) -> str:
    """As above, in the process that documents from outside are read in."""
    with pytest.raises(BadInput) as raised:
        read(data, kind, **more)
    return raised.value.message


# -- HTML --------------------------------------------------------------------------------------


def test_a_page_gives_its_title_headings_and_lists():
    page = parse(RETURNS.encode(), "html")
    assert page.title == "반품 안내"
    assert page.body == "# 반품 안내\n\n## 기간\n\n받은 날부터 7일 안에 신청합니다."
    listed = html("<ol><li>신청</li><li>확인<ul><li>사진</li></ul></li></ol>")
    assert listed.split("\n") == ["1. 신청", "2. 확인", "   - 사진"]


def test_only_the_main_part_of_a_page_counts():
    page = (
        "<body><header>로고</header><nav>메뉴</nav><div id='content'><h2>반품</h2><p>7일.</p></div>"
        "<aside>광고</aside><footer>주소</footer></body>"
    )
    assert parse(page.encode(), "html").body == "## 반품\n\n7일."


def test_a_small_main_part_is_not_the_page():
    page = f"<body><main>문의</main><div>{'<p>반품은 7일 안에 합니다.</p>' * 9}</div></body>"
    assert "반품은 7일" in parse(page.encode(), "html").body


@pytest.mark.parametrize(
    "unseen",
    [
        "<p hidden>비밀</p>", '<p style="display: none">비밀</p>',
        "<script>비밀()</script>",
        '<p style="font-size:0px">비밀</p>', "<!-- 이렇게 물어요\n비밀 -->", "<style>비밀</style>",
        '<span aria-hidden="true">비밀</span>', "<template>비밀</template>",
        "<select>비밀</select>",
        '<img alt="비밀" src="http://a.kr/b">', "<noscript>비밀</noscript>", "<svg>비밀</svg>",
        '<p style="visibility:hidden">비밀</p>', '<a href="https://a.kr/비밀">글</a>',
    ],
)  # fmt: skip
def test_what_nobody_sees_is_dropped(unseen: str):
    assert "비밀" not in html(f"<p>7일 안에</p>{unseen}")


def test_no_markup_is_left_and_what_was_text_stays_readable():
    assert html("<p>&lt;script&gt;값&lt;/script&gt; 3 &lt; 5</p>") == "＜script>값＜/script> 3 ＜ 5"


def test_merged_cells_are_written_out():
    table = (
        "<table><tr><th>구분</th><th>지역</th><th>요금</th></tr>"
        "<tr><td rowspan=2>국내</td><td>육지</td><td>3,000원</td></tr>"
        "<tr><td>제주</td><td>6,000원</td></tr>"
        "<tr><td colspan=2>해외</td><td>없음</td></tr></table>"
    )
    rows = html(table).split("\n")
    assert rows[0] == "| 구분 | 지역 | 요금 |"
    assert rows[2:] == [
        "| 국내 | 육지 | 3,000원 |",
        "| 국내 | 제주 | 6,000원 |",
        "| 해외 | 해외 | 없음 |",
    ]


def test_absurd_tables_come_to_an_end():
    assert len(html("<table><tr><td rowspan=999999 colspan=999999>값</td></tr></table>")) < 1000


@pytest.mark.process
def test_depths_come_to_an_end():
    deep = ARTICLE.format("<div>" * 200 + "글" + "</div>" * 200)
    assert read(deep.encode(), "html").body == "글"
    deep = ARTICLE.format("<div>" * 50_000 + "글" + "</div>" * 50_000)
    assert "읽을 수 없습니다" in unreadable_apart(deep.encode(), "html")


@pytest.mark.parametrize(
    "meta", ["<meta charset='euc-kr'>", "<meta charset=ks_c_5601-1987>", "", "<meta charset=utf-8>"]
)
def test_korean_pages_of_old_are_parse(meta: str):
    page = RETURNS.replace("<head>", f"<head>{meta}").replace("7일", "햏 7일")  # 햏: CP949 alone
    assert "햏 7일 안에" in parse(page.encode("cp949"), "html").body


def test_the_servers_word_on_letters_comes_first():
    assert decode("반품".encode("euc-kr"), "text/html; charset=EUC-KR") == "반품"
    assert decode("반품".encode("utf-16")) == "반품"
    assert decode("반품".encode(), "text/html; charset=no-such") == "반품"
    with pytest.raises(BadInput, match="UTF-8"):
        decode(b"\xff\xff\x81")


def test_letters_that_are_not_what_the_server_says():
    for encoding in ("utf-8", "cp949"):  # Latin-1 is what servers say who were told nothing
        assert decode("환불".encode(encoding), "text/html; charset=ISO-8859-1") == "환불"
    assert decode(b"caf\xe9", "text/html; charset=ISO-8859-1") == "café"
    cut = "환불 안내".encode() * 200 + "끝".encode()[:2]
    assert decode(cut).endswith("안내\ufffd")


def test_a_page_without_text_says_so():
    assert "글이 없는" in unreadable(b"<html><body><div id=root></div></body></html>", "html")


# -- Markdown ----------------------------------------------------------------------------------


def test_markdown_keeps_its_shape_and_loses_its_html():
    text = (
        "# 안내\n\n<div hidden>비밀</div>\n[약관](https://a.kr)과 ![그림](https://a.kr/b.png)\n"
        "<!-- 이렇게 물어요\n물음\n-->\n<b>굵게</b> {{return_window_days}} <https://a.kr/c>\n"
        "[참고][1]\n\n[1]: https://evil.kr\n"
    )
    page = parse(text.encode(), "markdown")
    assert page.title == "안내"
    assert "비밀" not in page.body
    assert "물음" not in page.body
    assert "{{return_window_days}}" in page.body
    assert page.body.count("https://") == 1  # the one that is written out
    assert "<" not in page.body


def test_front_matter_is_no_text():
    text = "---\ntitle: 배송\ncategory: 배송\naudience: staff\neffective_from: 2026-03-01\n---\n글"
    page = parse(text.encode(), "markdown")
    assert (page.title, page.body) == ("배송", "글")
    assert page.front["effective_from"] == "2026-03-01"
    assert parse("---\n줄\n---\n글".encode(), "markdown").body == "---\n줄\n---\n글"


@pytest.mark.parametrize(
    "text",
    [
        "[[환불](x)](https://a.kr)", "![글](http://a.kr/b(1).png)", "[글](\nhttps://a.kr)",
        "[글]\n\n[글]:\nhttps://a.kr", "> [글]: https://a.kr\n\n[글]", "[글\\]](https://a.kr)",
    ],
)  # fmt: skip
def test_links_that_hide_lead_nowhere(text: str):
    """A shown text may hold no link whose address it does not show."""
    body = parse(text.encode(), "markdown").body
    assert not re.search(r"\][(\[:]", body)


def test_front_matter_is_clean_and_short():
    text = (
        '---\ntitle: "제목\\u202e <b>x</b>"\ncategory: "<!-- x -->\\n분류"\n'
        "audience: " + "긴 말 " * 100 + "\nmore: &a [x, x]\nbomb: [*a, *a]\n---\n글"
    )
    page = parse(text.encode(), "markdown")
    assert page.title == "제목 x"
    assert page.front.keys() == {"title", "category", "audience"}
    assert page.front["category"] == "분류"
    assert len(page.front["audience"]) <= 200


def test_unseen_letters_are_taken_out():
    text = "환\u200b불\u3164은 \u061c\u202e3\U000e0101일\u202c\U000e0041\x00. \u1112\u1161\u11ab"
    assert parse(text.encode(), "markdown").body == "환불은 3일. 한"


def test_articles_of_terms_become_headings():
    text = (
        "제1장 총칙\n제1조 (목적) 이 약관은 …\n**제2조의2【환불】**\n"
        "제1조(목적)에 따라 합니다.\n부 칙\n글"
    )
    assert parse(text.encode(), "markdown").body.split("\n\n") == [
        "## 제1장 총칙", "### 제1조 (목적)", "이 약관은 …", "### 제2조의2【환불】",
        "제1조(목적)에 따라 합니다.", "## 부 칙", "글",
    ]  # fmt: skip


# -- PDF ---------------------------------------------------------------------------------------


@pytest.mark.process
def test_a_pdf_gives_its_text_with_headings_by_size():
    page = read(pdf(POLICY), "pdf")
    assert page.title == "환불 규정"
    assert [part for part in page.body.split("\n") if part] == [
        "# 환불 규정",
        "## 환불 시기",
        "반품한 상품이 도착하면 3일 안에 환불합니다.",
        "## 환불 방법",
        "결제한 수단으로 돌려드립니다.",
    ]


@pytest.mark.process
def test_words_broken_at_the_end_of_a_line_are_made_whole():
    lines = [
        (14, "환불 규정 안내"),
        *((10, text) for text in (
            "회사는 소비자의 권리를 지키고 분쟁을 미리 막는 것을 목",
            "적으로 합니다. 반품한 상품이 도착하면",
            "고객이 결제한 수단으로 배송비 3,",
            "000원을 뺀 금액을 7",
            "일 안에 돌려드립니다.",
        )),
    ]  # fmt: skip
    body = read(pdf(lines, leading=1.2), "pdf").body
    assert "막는 것을 목적으로 합니다. 반품한 상품이 도착하면 고객이 결제한" in body
    assert "배송비 3,000원을 뺀 금액을 7일 안에" in body


@pytest.mark.process
def test_running_heads_and_page_numbers_are_no_text():
    body = read(pdf(POLICY, pages=4, head="상담 상점 규정집"), "pdf").body
    assert "라 쪽에만 있는 글입니다." in body
    assert "규정집" not in body
    assert "- 2 -" not in body


@pytest.mark.process
@pytest.mark.parametrize(
    ("data", "says"),
    [
        (drawing(), "스캔"),
        (pdf(POLICY, password="secret"), "암호"),
        (pdf(POLICY)[:400], "다시 저장"),
        (b"%PDF-1.7\nnothing", "다시 저장"),
    ],
)
def test_a_pdf_that_cannot_be_read_says_why(data: bytes, says: str):
    assert says in unreadable_apart(data, "pdf")


# -- DOCX --------------------------------------------------------------------------------------


def test_a_word_file_keeps_headings_lists_and_tables():
    def fill(document: Any) -> None:
        document.add_heading("교환 규정", 0)
        document.add_heading("교환 기간", 1)
        document.add_paragraph("받은 날부터 7일입니다.")
        document.add_paragraph("사진을 찍습니다.", style="List Bullet")
        hidden = document.add_paragraph("보이는 글.").add_run("숨은 글.")
        hidden.font.hidden = True
        table = document.add_table(rows=2, cols=2)
        for cell, text in zip(table._cells, ("지역", "요금", "제주", "6,000원"), strict=True):
            cell.text = text

    page = parse(docx(fill), "docx")
    assert page.title == "교환 규정"
    for part in (
        "교환 기간",
        "- 사진을 찍습니다.",
        "| 지역 | 요금 |\n| --- | --- |\n| 제주 | 6,000원 |",
    ):
        assert part in page.body
    assert "보이는 글." in page.body
    assert "숨은 글" not in page.body
    assert "# 교환 기간\n" in page.body


def rezipped(changes: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    plain = docx(lambda document: document.add_paragraph("글."))
    with zipfile.ZipFile(io.BytesIO(plain)) as old, zipfile.ZipFile(target, "w", 8) as new:
        for name in old.namelist():
            new.writestr(name, changes.get(name, old.read(name)))
    return target.getvalue()


def test_entities_in_a_word_file_are_refused():
    bomb = (
        b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">'
        b'<!ENTITY f SYSTEM "file:///etc/passwd">]><w>&b;&f;</w>'
    )
    assert "DTD" in unreadable(rezipped({"word/document.xml": bomb}), "docx")


def test_a_zip_bomb_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(word, "UNPACKED_MAX_BYTES", 1_000_000)
    bomb = rezipped({"word/document.xml": b" " * 1_000_001})
    assert len(bomb) < 100_000
    assert "커지는" in unreadable(bomb, "docx")


def test_a_zip_that_states_less_than_it_holds_is_cut_there():
    bomb = bytearray(rezipped({"word/document.xml": b" " * 1_000_000}))
    for sign, size_at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        part = (
            bomb.index(b"word/document.xml") if sign[2] == 3 else bomb.rindex(b"word/document.xml")
        )
        start = bomb.rindex(sign, 0, part) + size_at
        bomb[start : start + 4] = (10).to_bytes(4, "little")
    with pytest.raises(zipfile.BadZipFile):
        parse(bytes(bomb), "docx")


@pytest.mark.process
def test_a_broken_word_file_is_told():
    assert "다시 저장" in unreadable_apart(rezipped({"word/document.xml": b"<w"}), "docx")


# -- any ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "said", "kind"),
    [
        (b"%PDF-1.7", {"name": "a.pdf"}, "pdf"),
        (b"%PDF-1.7", {"content_type": "application/octet-stream"}, "pdf"),
        (RETURNS.encode(), {"content_type": "text/html; charset=utf-8"}, "html"),
        (b"text", {"content_type": "text/html"}, "html"),
        (b"# title", {"name": "a.md"}, "markdown"),
        (b"<html>", {}, "html"),
        (docx(lambda document: None), {"name": "a.docx"}, "docx"),
    ],
)
def test_kinds(data: bytes, said: dict[str, str], kind: str):
    assert kind_of(data, **said) == kind


@pytest.mark.parametrize(
    ("data", "said", "says"),
    [
        (b"%PDF-1.7", {"content_type": "text/html"}, "내용은 PDF"),
        (b"<html>", {"name": "a.pdf"}, "내용은 HTML"),
        (b"\x89PNG\r\n\x1a\n\0\0", {"name": "a.md"}, "글이 든 파일이 아닙니다"),
        (b"x", {"content_type": "image/png"}, "image/png"),
        (b"\xd0\xcf\x11\xe0", {"name": "a.docx"}, "HWP"),
        (b"PK\x03\x04broken", {"name": "a.docx"}, "깨져"),
        (b"{}", {"content_type": "application/json"}, "application/json"),
    ],
)
def test_what_is_not_what_it_says_is_refused(data: bytes, said: dict[str, str], says: str):
    with pytest.raises(BadInput, match=says):
        kind_of(data, **said)


@pytest.mark.process
def test_a_parser_has_a_deadline():
    started = time.monotonic()
    assert "초 안에" in unreadable_apart(RETURNS.encode(), "html", timeout_s=0.01)
    assert time.monotonic() - started < 3


@pytest.mark.process
def test_a_parser_that_dies_is_only_a_broken_document(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "_CHILD", "import os; os._exit(9)")
    assert "읽을 수 없습니다" in unreadable_apart(b"x", "html")


def test_a_text_without_end_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "TEXT_MAX_CHARS", 2000)
    assert "2,000자" in unreadable(b"a b " * 600, "markdown")
