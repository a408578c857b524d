"""DOCX to HTML by mammoth, after the file has been looked over.

A DOCX is a zip of XML: it may unpack to far more than it weighs (zip bomb), and its XML may
define entities that do the same or read files. Neither has a place in a document.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

from errors import BadInput
from retrieval.collect.web import from_html

__all__ = ["UNPACKED_MAX_BYTES", "from_docx"]

UNPACKED_MAX_BYTES = 200 * 1024 * 1024
PARTS_MAX = 5000
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STYLES = "\n".join(
    [
        "p[style-name='Title'] => h1:fresh",
        "p[style-name='제목'] => h1:fresh",
        *(
            f"p[style-name='{name} {level}'] => h{level}:fresh"
            for name in ("제목", "개요")
            for level in (1, 2, 3, 4)
        ),
    ]
)


def from_docx(data: bytes) -> tuple[str, str]:
    """(title, Markdown) of a Word file, hidden text left out. Raises BadInput."""
    import mammoth

    made = mammoth.convert_to_html(
        io.BytesIO(_visible(data)),
        style_map=_STYLES,
        convert_image=mammoth.images.img_element(lambda image: {"src": ""}),
    )
    title, body = from_html(str(made.value))
    # Word's title and its chapters are all of the first level.
    first = body.lstrip().partition("\n")[0]
    return title or (first[2:] if first.startswith("# ") else ""), body


def _visible(data: bytes) -> bytes:
    """The file with its hidden runs taken out and nothing else changed."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w") as new:
        parts = old.infolist()
        if len(parts) > PARTS_MAX or sum(part.file_size for part in parts) > UNPACKED_MAX_BYTES:
            raise BadInput("압축을 풀면 지나치게 커지는 파일입니다. PDF로 저장해 넣어 주세요.")
        for part in parts:
            if part.flag_bits & 1:
                raise BadInput("암호가 걸린 문서입니다. 암호를 풀고 다시 저장해 주세요.")
            if not part.filename.endswith((".xml", ".rels")):
                continue  # pictures and fonts are not read
            # No part unpacks to more than the size it states: zipfile stops there.
            new.writestr(part.filename, _shown(old.read(part)))
    return target.getvalue()


def _shown(content: bytes) -> bytes:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    tree: Any = etree.fromstring(content, parser)
    if tree.getroottree().docinfo.doctype:
        raise BadInput("문서의 XML에 DTD가 들어 있어 읽지 않습니다. PDF로 저장해 넣어 주세요.")
    for mark in tree.findall(f".//{_W}r/{_W}rPr/{_W}vanish"):
        run = mark.getparent().getparent()
        if mark.get(f"{_W}val") not in ("0", "false", "off") and run.getparent() is not None:
            run.getparent().remove(run)
    return bytes(etree.tostring(tree))
