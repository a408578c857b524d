"""Log lines: one handler on stderr, text or JSON, every line masked and of bounded length.

:func:`configure` is called once by the launcher and may be called by a command. Whoever
answers a request or a turn binds :data:`request_id`, :data:`turn_id` and :data:`user_id`;
every line written meanwhile carries them. Personal data, tokens, keys and passwords are
replaced in messages, in ``extra=`` values and in the text of exceptions. A value that an
operator's line needs in full (an order number, an id) is left alone.
"""

from __future__ import annotations

import json
import logging
import math
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from agent.guardrails import mask_pii
from settings import Settings

__all__ = ["configure", "mask", "request_id", "turn_id", "user_id"]

request_id: ContextVar[str] = ContextVar("request_id", default="")
turn_id: ContextVar[str] = ContextVar("turn_id", default="")
user_id: ContextVar[str] = ContextVar("user_id", default="")
_CONTEXT = {"request_id": request_id, "turn_id": turn_id, "user_id": user_id}

MAX_CHARS = 8000  # of a message, and of a traceback (its end is kept)
MAX_EXTRAS, MAX_EXTRA_CHARS = 16, 500
_TAIL = 160  # longer than any number, address or password: nothing half cut stays unmasked
_OURS = ("sangdam", "agent", "retrieval", "evals", "store", "services", "vision", "api")
_SECRET = "[비밀 가림]"

_NAME = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|비밀\s?번호|secret(?:_?key)?|[\w-]{0,40}_secret|"
    r"(?:access|refresh|guest|id|auth|csrf|xsrf)?_?-?token|api_?-?key|x-api-key|cookie|set-cookie|"
    r"authorization|proxy-authorization|session_?id_?secret|new_password|current_password)"
)
_KEY = re.compile(_NAME, re.IGNORECASE)
_PAIR = re.compile(
    rf"(?P<key>(?<![\w-])(?:[\w-]{{0,40}}?[_-])?{_NAME}(?:\\{{0,4}}[\"'])?\s{{0,4}}[:=]\s{{0,4}})"
    r"(?:[bru]?\"(?:[^\"\\]|\\++.)*+\"?|[bru]?'(?:[^'\\]|\\++.)*+'?"  # quoted, \\" inside
    r"|(?P<q>\\{1,4}[\"'])(?:(?!(?<!\\)(?P=q)).)*+(?:(?P=q))?"  # JSON within a JSON text
    # Bare: a phrase may hold blanks, so up to the next name= or the end of the line.
    r"|(?:(?!\s{1,8}[\w.-]{1,40}\s?[=:]|[\"'])[^\n&]){1,300}+)",
    re.IGNORECASE | re.DOTALL,
)
_SECRETS = (
    re.compile(r"\b(?P<keep>bearer|basic)\s+[\w.~+/=-]{6,}+", re.IGNORECASE | re.ASCII),
    re.compile(r"\bsk-(?:sangdam-[\w-]*+|[\w-]{12,}+)", re.ASCII),
    # Any beginning of a JSON web token: a cut one is as good as a whole one.
    re.compile(r"(?<![\w-])eyJ[\w-]{6,}+(?:\.[\w-]*+){0,4}", re.ASCII),
    re.compile(r"(?P<keep>\b[a-z][a-z0-9+.-]{0,20}://)[^\s/@:]{0,256}+:[^\s/@]{1,256}+(?=@)"),
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_PLAIN = re.compile(r"[^\s\"=]+")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {
    "message", "asctime", "taskName", "color_message",  # uvicorn's own colours
}  # fmt: skip


def configure(settings: Settings) -> None:
    """Send the program's log to stderr as ``log_format`` and ``log_level`` say. Idempotent.

    Other libraries speak from a warning on. Streamlit keeps its own handlers, which write
    in this format too. Raises nothing; the settings' values were checked when they were read.
    """
    known = _known(settings)
    as_json = settings.log_format == "json"
    formatter = _Json(known) if as_json else _Text(known)
    handler = _Handler(sys.stderr)
    handler.setFormatter(formatter)
    for logger in (logging.getLogger(), logging.getLogger("uvicorn.error")):
        for old in [h for h in logger.handlers if isinstance(h, _Handler)]:
            logger.removeHandler(old)
    logging.getLogger().addHandler(handler)
    for name in (*_OURS, "uvicorn.error"):
        logging.getLogger(name).setLevel(settings.log_level.upper())
    server = logging.getLogger("uvicorn.error")
    server.handlers, server.propagate = [handler], False
    server.removeFilter(_no_connections)
    if settings.log_level != "debug":
        server.addFilter(_no_connections)
    # Paths as they were asked for, personal data and all: off for good, for Streamlit gives the
    # logger a handler again whenever its config.toml changes.
    logging.getLogger("uvicorn.access").disabled = True
    for streamlits in _streamlit_handlers():
        streamlits.setFormatter(formatter)
    logging.captureWarnings(True)


def _known(settings: Settings) -> tuple[str, ...]:
    """Every key and header of the models, one that another place hides too."""
    found: list[object] = []
    for _, table in settings.llm:
        rows = table.get("providers")
        for row in rows.values() if isinstance(rows, Mapping) else ():
            if isinstance(row, Mapping):
                headers = row.get("headers")
                found.append(row.get("api_key", ""))
                found += headers.values() if isinstance(headers, Mapping) else ()
    return tuple(map(str, found))


def mask(text: str, *, known: Collection[str] = ()) -> str:
    """``text`` without personal data, tokens, keys and passwords; at most 8,000 characters.

    ``known`` are secrets to be replaced wherever they stand.
    """
    window = text[:MAX_CHARS]
    for secret in known:
        if len(secret) >= 6:
            window = window.replace(secret, _SECRET)
    for pattern in _SECRETS:
        window = pattern.sub(_hide, window)
    window = _PAIR.sub(lambda found: found["key"] + _SECRET, window)
    window = mask_pii(window, for_cloud=True).text
    if len(text) > MAX_CHARS:
        window = f"{window[:-_TAIL]} … ({len(text) - MAX_CHARS + _TAIL:,} more)"
    return window


def _hide(found: re.Match[str]) -> str:
    kept = found.groupdict().get("keep") or ""
    return f"{kept}{' ' if kept.isalpha() else ''}{_SECRET}"


class _Handler(logging.StreamHandler[Any]):
    """Ours, so that it is found again."""


class _Fields:
    """What a line tells of a record: masked, bounded, in order."""

    known: Collection[str] = ()

    def fields(self, record: logging.LogRecord) -> dict[str, Any]:
        """The values of one line by name, plain JSON values only."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "at": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": mask(_message(record), known=self.known),
        }
        line |= {name: value for name, of in _CONTEXT.items() if (value := of.get())}
        extras = {k: v for k, v in vars(record).items() if k not in _STANDARD}
        for name, value in list(extras.items())[:MAX_EXTRAS]:
            line.setdefault(name, self._plain(name, value))
        if trace := _trace(record):
            line["error"] = mask(trace, known=self.known)
        return line

    def _plain(self, name: str, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if _KEY.fullmatch(name):
            return _SECRET
        text = _text(value)
        masked = mask(text, known=self.known)
        if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
            return value if masked == text else masked
        return masked if len(masked) <= MAX_EXTRA_CHARS else masked[:MAX_EXTRA_CHARS] + " …"


class _Json(_Fields, JsonFormatter):
    """One JSON object a line."""

    def __init__(self, known: Collection[str]) -> None:
        super().__init__(json_ensure_ascii=False)
        self.known = known

    def format(self, record: logging.LogRecord) -> str:
        return self.jsonify_log_record(self.fields(record))


class _Text(_Fields, logging.Formatter):
    """``at LEVEL logger [request_id=…] message key=value``; a traceback follows, set in.

    Only a line of ours begins at the margin: line breaks inside a message are written
    ``\\n``, so what a caller sent can never look like a line of its own.
    """

    def __init__(self, known: Collection[str]) -> None:
        super().__init__()
        self.known = known

    def format(self, record: logging.LogRecord) -> str:
        fields = self.fields(record)
        head = [fields.pop("at"), fields.pop("level").upper(), fields.pop("logger")]
        message, error = fields.pop("message"), fields.pop("error", "")
        bound = [f"{n}={_word(fields.pop(n))}" for n in _CONTEXT if n in fields]
        head += [f"[{' '.join(bound)}]"] if bound else []
        rest = [f"{_escaped(name)}={_word(value)}" for name, value in fields.items()]
        lines = [" ".join([*head, _escaped(message), *rest])]
        lines += ["  | " + _escaped(line) for line in error.split("\n") if line]
        return "\n".join(lines)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # arguments that do not fit: logging itself would print them raw
        return f"{_text(record.msg)} ({type(error).__name__} in its arguments)"


def _trace(record: logging.LogRecord) -> str:
    """The traceback's end: whole lines as far as they fit, so that no secret is cut in two."""
    parts = []
    if record.exc_info and record.exc_info[0]:
        parts.append(logging.Formatter().formatException(record.exc_info))
    parts += [record.stack_info] if record.stack_info else []
    kept: list[str] = []
    room = MAX_CHARS
    for line in reversed("\n".join(parts).split("\n")):
        room -= len(line) + 1
        if room < 0 and kept:
            break
        kept.append(line)
    return "\n".join(reversed(kept))


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception as error:  # a value nobody can read must not lose the line
        return f"<{type(value).__name__}: {type(error).__name__}>"


def _escaped(text: str) -> str:
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


def _word(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _escaped(text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False))


def _no_connections(record: logging.LogRecord) -> bool:
    """Every page somebody opens is two lines of uvicorn's about its websocket: without those."""
    return record.levelno > logging.INFO or "protocols" not in Path(record.pathname).parts


def _streamlit_handlers() -> Iterator[logging.Handler]:
    """The handlers Streamlit has put on its own loggers; those do not hand lines on."""
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if name.split(".")[0] in ("streamlit", "uvicorn", "websockets") and isinstance(
            logger, logging.Logger
        ):
            yield from logger.handlers
