"""Policy files: front matter, placeholders and what a person is told when one is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

import settings
from errors import BadInput
from retrieval.documents import content_hash, load_folder, parse_document

HEAD = {
    "id": "return-window",
    "title": "반품 기간",
    "category": "반품",
    "audience": "public",
    "effective_from": "2026-01-01",
    "effective_to": "",
    "version": "2",
}


def text_of(body: str = "## 기간\n7일", **changes: str | None) -> str:
    lines = [f"{key}: {value}" for key, value in {**HEAD, **changes}.items() if value is not None]
    return "---\n" + "\n".join(lines) + f"\n---\n{body}\n"


def parse(text: str, **values: int | str):
    return parse_document(text, name="a.md", values=values)


def test_reads_every_field():
    document = parse(text_of())
    assert document.doc_id == "return-window"
    assert document.title == "반품 기간"
    assert (document.category, document.audience, document.version) == ("반품", "public", 2)
    assert document.effective_from == date(2026, 1, 1)
    assert document.effective_to is None
    assert document.body == "## 기간\n7일"
    assert document.content_hash == content_hash(document)


def test_windows_line_ends_and_quoted_dates():
    document = parse(text_of(effective_to="'2026-12-31'").replace("\n", "\r\n"))
    assert document.effective_to == date(2026, 12, 31)
    assert "\r" not in document.body


def test_placeholders_get_thousands_separators_in_body_and_title():
    text = text_of("{{fee_krw}}원, {{ days }}일, {{who}}", title="배송비 {{fee_krw}}원")
    document = parse(text, fee_krw=50000, days=7, who="판매자")
    assert document.body == "50,000원, 7일, 판매자"
    assert document.title == "배송비 50,000원"


def test_a_changed_rule_changes_the_hash():
    text = text_of("{{days}}일")
    assert parse(text, days=7).content_hash != parse(text, days=14).content_hash


def test_the_hash_covers_what_decides_visibility():
    document = parse(text_of())
    for changed in (
        replace(document, audience="staff"),
        replace(document, effective_to=date(2026, 2, 1)),
        replace(document, version=3),
    ):
        assert content_hash(changed) != document.content_hash


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("## 제목만", "머리말이 없습니다"),
        ("---\nid: a\n", "머리말이 없습니다"),
        (text_of(title="[깨진"), "YAML"),
        (text_of(effective_from="2026-13-99"), "날짜"),
        ("---\n- 목록\n---\n본문", "이름: 값"),
        (text_of(efective_from="2026-01-01"), "efective_from"),
        (text_of(title=None), "title"),
        (text_of(audience="everyone"), "audience"),
        (text_of(effective_from="어제"), "2026-01-31"),
        (text_of(effective_from="2026-01-01 10:00:00"), "2026-01-31"),
        (text_of(effective_to="2025-01-01"), "effective_to"),
        (text_of(version="0"), "version"),
        (text_of(version="true"), "version"),
        (text_of(id="a b"), "id"),
        (text_of(title="[가, 나]"), "title"),
        (text_of(""), "본문이 비어"),
        (text_of("{{unknown_days}}일"), "{{unknown_days}}"),
        (text_of("## 절\n<!-- 이렇게 물어요\n물음\n글"), "-->"),
    ],
)
def test_bad_files_name_the_file_and_the_remedy(text: str, says: str):
    with pytest.raises(BadInput) as raised:
        parse(text)
    assert raised.value.message.startswith("a.md: ")
    assert says in raised.value.message


def test_a_folder_is_read_in_file_order(tmp_path: Path):
    (tmp_path / "b.md").write_text(text_of(id="second"), "utf-8")
    (tmp_path / "a.md").write_text("\ufeff" + text_of(id="first"), "utf-8")
    (tmp_path / "notes.txt").write_text("no policy", "utf-8")
    assert [document.doc_id for document in load_folder(tmp_path, {})] == ["first", "second"]


def test_one_id_in_two_files_is_refused(tmp_path: Path):
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text(text_of(), "utf-8")
    with pytest.raises(BadInput, match=r"b\.md: .*a\.md"):
        load_folder(tmp_path, {})


def test_a_file_in_another_encoding_is_refused(tmp_path: Path):
    (tmp_path / "a.md").write_bytes(text_of().encode("cp949"))
    with pytest.raises(BadInput, match="UTF-8"):
        load_folder(tmp_path, {})


def test_a_missing_folder_is_named(tmp_path: Path):
    with pytest.raises(BadInput, match="nowhere"):
        load_folder(tmp_path / "nowhere", {})


def test_the_shops_own_policies_load():
    folder = settings.ROOT / "data" / "policies"
    documents = load_folder(folder, settings.load().rules())
    assert len(documents) >= 20
    assert not any("{{" in document.body for document in documents)
