"""Read a document of any kind into Markdown, in a process of its own.

Parsers meet files made by anybody. One that hangs or eats memory must not take the collector
with it: the process has a deadline and a memory limit, and only text comes back.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from errors import BadInput
from retrieval.collect.kinds import Kind, decode

__all__ = ["Reading", "parse", "read"]

MEMORY_MAX_BYTES = 3 * 1024**3  # Kiwi, which mends the lines of a PDF, takes half of it
TEXT_MAX_CHARS = 2_000_000
_FRONT = ("title", "category", "audience", "effective_from", "effective_to")
_ROOT = Path(__file__).resolve().parents[2]
_BROKEN = "문서를 읽을 수 없습니다. 파일이 깨지지 않았는지 열어 보고 다시 저장해 주세요."


@dataclass(frozen=True, slots=True)
class Reading:
    """What stands in a document; ``title`` is empty where it has none.

    ``front`` is what the front matter of a Markdown file says of it, as text.
    """

    title: str
    body: str
    front: dict[str, str] = field(default_factory=dict)


def read(data: bytes, kind: Kind, *, content_type: str = "", timeout_s: float = 30) -> Reading:
    """The text of ``data``. Raises BadInput, with the remedy, for whatever cannot be read."""
    command = [sys.executable, "-I", "-c", _CHILD, str(_ROOT), kind, content_type]
    try:
        # No environment: a parser needs none of the keys that lie in it.
        done = subprocess.run(command, input=data, capture_output=True, timeout=timeout_s, env={})
    except subprocess.TimeoutExpired as error:
        raise BadInput(
            f"{timeout_s:g}초 안에 다 읽지 못했습니다. 문서를 나누거나 --timeout을 늘려 주세요."
        ) from error
    if done.returncode:
        raise BadInput(_BROKEN)
    answer = json.loads(done.stdout)
    if "error" in answer:
        raise BadInput(answer["error"])
    return Reading(**answer)


_CHILD = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from retrieval.collect.reading import child; child(*sys.argv[2:])"
)


def child(kind: Kind, content_type: str) -> None:
    """The other process: a document on standard input, JSON on standard output."""
    import resource

    sys.setrecursionlimit(10_000)  # pages nest deeply; a crash ends this process alone
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))
    answer: dict[str, Any]
    try:
        answer = asdict(parse(sys.stdin.buffer.read(), kind, content_type))
    except BadInput as error:
        answer = {"error": error.message}
    except Exception:  # parsers raise anything; a traceback helps no shop
        answer = {"error": _BROKEN}
    # A lone surrogate from a broken page would not go through UTF-8: escaped it does.
    sys.stdout.write(json.dumps(answer))


def parse(data: bytes, kind: Kind, content_type: str = "") -> Reading:
    """What :func:`read` does, here and now: without a limit, for documents of one's own.

    Raises BadInput, and for broken documents whatever the parser raises.
    """
    from retrieval.collect.enrich import clean, one_line, with_articles

    title, body, front = _markdown(data, kind, content_type)
    body = with_articles(clean(body))
    if not any(letter.isalnum() for letter in body):
        raise BadInput("글이 없는 문서입니다. 글이 화면에 바로 나오는 주소나 파일을 넣어 주세요.")
    if len(body) > TEXT_MAX_CHARS:
        raise BadInput(f"글이 {TEXT_MAX_CHARS:,}자보다 깁니다. 문서를 나누어 넣어 주세요.")
    return Reading(one_line(title), body, {name: one_line(text) for name, text in front.items()})


def _markdown(data: bytes, kind: Kind, content_type: str) -> tuple[str, str, dict[str, str]]:
    if kind == "pdf":
        from retrieval.collect.pdf import from_pdf

        return *from_pdf(data), {}
    if kind == "docx":
        from retrieval.collect.word import from_docx

        return *from_docx(data), {}
    text = decode(data, content_type)
    if kind == "html":
        from retrieval.collect.web import from_html

        return *from_html(text), {}
    front, body = _front_matter(text.replace("\r\n", "\n").lstrip("\ufeff"))
    first = body.lstrip().partition("\n")[0]
    return front.get("title") or (first[2:] if first.startswith("# ") else ""), body, front


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    import yaml

    match = re.match(r"---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", text, re.DOTALL)
    try:
        matter = yaml.safe_load(match[1]) if match else None
    except (yaml.YAMLError, ValueError):
        matter = None
    if match is None or not isinstance(matter, dict):  # a line drawn at the top, no more
        return {}, text
    # Lists stay out: a small one with aliases can be written out to gigabytes.
    stated = {name: matter.get(name) for name in _FRONT}
    named = {n: str(v) for n, v in stated.items() if isinstance(v, str | int | float | date)}
    return named, text[match.end() :]
