"""What one turn did, step by step, for the staff who look back at it.

Noting costs microseconds; everything is made readable once, at the end, masked as what the
store keeps is, and bounded. The desk itself never reads a trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from functools import partial
from time import perf_counter
from typing import Any

from agent.guardrails import mask_pii
from agent.llm import Exchange
from errors import SangdamError
from store.database import dump

__all__ = ["MOST_CHARS", "Trace", "readable"]

MOST_CHARS = 64_000  # of a trace's JSON
MOST_ITEMS, MOST_DEPTH, MOST_TEXT = 12, 6, 2000
MOST_MODEL_TEXT = 12_000  # a prompt with its evidence
_SHORTER = (1500, 500, 150)  # characters of each text, tried in turn while a trace is too large
_SECTIONS = ("models", "tools", "evidence", "guards")  # left out one by one if that is not enough
_SEPARATOR = "\n␞\n"


@dataclass(slots=True)
class Step:
    """One part of a turn: ``start_ms`` from the turn's beginning, how long it took."""

    name: str
    start_ms: float
    took_ms: float = 0.0


@dataclass(slots=True)
class ToolRun:
    """A tool as it was called; ``result`` is what it returned, ``error`` what it refused for."""

    name: str
    kind: str
    arguments: dict[str, Any]
    start_ms: float
    took_ms: float = 0.0
    result: Any = None
    error: str = ""


@dataclass(slots=True)
class Trace:
    """One turn's trace. ``started`` is the turn's beginning (``perf_counter``).

    ``on`` False keeps nothing. ``exchanges`` are the calls of models, as the gateway keeps them.
    """

    started: float
    on: bool = True
    before: dict[str, Any] = field(default_factory=dict)  # the chat, kept as it was to the letter
    notes: dict[str, Any] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    tools: list[ToolRun] = field(default_factory=list)
    guards: list[dict[str, Any]] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)

    def ms(self) -> float:
        """Milliseconds since the turn began."""
        return round((perf_counter() - self.started) * 1000, 2)

    def note(self, name: str, **values: Any) -> None:
        """Keep ``values`` in the section ``name``; they must not change any more."""
        if self.on:
            self.notes.setdefault(name, {}).update(values)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a part of the turn."""
        if not self.on:
            yield
            return
        step = Step(name, self.ms())
        self.steps.append(step)
        try:
            yield
        finally:
            step.took_ms = round(self.ms() - step.start_ms, 2)

    def tool(
        self, name: str, kind: str, arguments: Mapping[str, Any], work: Callable[[], Any]
    ) -> Any:
        """Run a tool and keep what it was asked and what came of it. Raises what it raises."""
        if not self.on:
            return work()
        run = ToolRun(name, kind, dict(arguments), self.ms())
        self.tools.append(run)
        try:
            run.result = work()
        except SangdamError as error:
            run.error = f"{error.code}: {error.message}"
            raise
        except Exception as error:
            run.error = f"error: {type(error).__name__}"
            raise
        finally:
            run.took_ms = round(self.ms() - run.start_ms, 2)
        return run.result

    def guard(self, where: str, text: str, problems: Sequence[str]) -> None:
        """Keep what the output guard found in ``text``, of the "model" or the "draft"."""
        if self.on:
            self.guards.append({"where": where, "text": text, "problems": list(problems)})

    def dump(self, status: str) -> str | None:
        """Everything as JSON, masked, at most ``MOST_CHARS`` beside ``before``; None when off.

        ``cut`` names the sections in which something was shortened or left out.
        """
        if not self.on:
            return None
        cut: set[str] = set()
        models = self._models()
        guards = [dict(one) for one in self.guards]
        if models:  # only a model's words have passed no mask yet
            _mask(models, ("said",))
            _mask(guards, ("text",))
        trace: dict[str, Any] = {"status": status}
        for name, values in self.notes.items():
            trace[name] = readable(values, partial(cut.add, name))
        trace["tools"] = [_tool(run, bool(models), cut) for run in self.tools]
        trace["evidence"] = [
            _found(run, cut) for run in self.tools if run.name == "search_policies" and run.result
        ]
        trace["models"], trace["guards"] = models, guards
        trace["steps"] = [[one.name, one.start_ms, one.took_ms] for one in self.steps]
        trace["took_ms"] = self.ms()
        return _fitting({"version": 1, "before": self.before}, trace, cut)

    def _models(self) -> list[dict[str, Any]]:
        """The calls of models: what each was told (masked before it went out) and said."""
        return [
            {
                "purpose": one.tag.purpose,
                "prompt": one.tag.prompt,
                "provider": one.provider,
                "model": one.model,
                "error": one.error,
                "messages": [[m.role, m.text[:MOST_MODEL_TEXT]] for m in one.messages],
                "offered": list(one.tools),
                "said": "".join(one.said)[:MOST_MODEL_TEXT],
                "calls": [
                    [call.name, mask_pii(call.arguments[:MOST_TEXT]).text] for call in one.calls
                ],
                "input_tokens": one.usage.input_tokens,
                "output_tokens": one.usage.output_tokens,
                "cost_usd": one.cost_usd,
                "start_ms": round((one.started - self.started) * 1000, 2),
                "took_ms": round((one.ended - one.started) * 1000, 2),
                "first_token_ms": one.first_token_ms,
            }
            for one in self.exchanges
        ]


def readable(value: Any, cut: Callable[[], object] = lambda: None, depth: int = 0) -> Any:
    """``value`` as plain JSON values: fields by name, empty ones left out, long ones shortened.

    ``cut`` is called where something was left out.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, str):
        if len(value) <= MOST_TEXT:
            return value
        cut()
        return value[:MOST_TEXT] + "…"
    if depth >= MOST_DEPTH:
        cut()
        return "…"
    if is_dataclass(value):
        pairs: Any = ((one.name, getattr(value, one.name)) for one in fields(value))
        return _named(pairs, cut, depth)
    if isinstance(value, Mapping):
        return _named(((str(key), one) for key, one in value.items()), cut, depth)
    if isinstance(value, list | tuple | set | frozenset):
        kept = [readable(one, cut, depth + 1) for one in list(value)[:MOST_ITEMS]]
        if len(value) > MOST_ITEMS:
            cut()
            kept.append(f"… 외 {len(value) - MOST_ITEMS}개")
        return kept
    return str(value)


def _named(
    pairs: Iterator[tuple[str, Any]], cut: Callable[[], object], depth: int
) -> dict[str, Any]:
    return {
        name: readable(value, cut, depth + 1)
        for name, value in pairs
        if value is not None and value != "" and value != () and value != [] and value != {}
    }


def _tool(run: ToolRun, mask: bool, cut: set[str]) -> dict[str, Any]:
    arguments = readable(run.arguments)
    if mask:  # a model may have filled them in
        arguments = _masked(arguments)
    found = {
        "name": run.name, "kind": run.kind, "arguments": arguments,
        "start_ms": run.start_ms, "took_ms": run.took_ms,
    }  # fmt: skip
    if run.error:
        return {**found, "error": run.error}
    if run.name == "search_policies":  # told in full as evidence
        return {**found, "result": {"clauses": len(run.result.hits)}}
    return {**found, "result": readable(run.result, partial(cut.add, "tools"))}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask_pii(value).text
    if isinstance(value, dict):
        return {name: _masked(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_masked(one) for one in value]
    return value


def _found(run: ToolRun, cut: set[str]) -> dict[str, Any]:
    """A policy search: which clauses came, by which ranks and scores, and whether for sure."""
    result = run.result
    return {
        "query": result.query, "mode": result.mode_used, "confident": result.confident,
        "confidence": round(result.confidence, 4), "notice": result.notice,
        "took_ms": round(result.took_ms, 2),
        "clauses": [
            {
                "chunk_id": hit.chunk.chunk_id, "title": hit.chunk.title,
                "section": hit.chunk.section, "version": hit.chunk.version,
                "text": readable(hit.chunk.text, partial(cut.add, "evidence")),
                "score": round(hit.score, 4), "ranks": readable(hit.ranks),
                "scores": readable(hit.scores),
            }
            for hit in result.hits[:MOST_ITEMS]
        ],
    }  # fmt: skip


def _mask(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> None:
    """Mask the named texts of all rows together: looking once is cheaper than often."""
    places = [(row, name) for row in rows for name in names]
    texts = [str(row[name]) for row, name in places]
    masked = mask_pii(_SEPARATOR.join(texts)).text.split(_SEPARATOR)
    if len(masked) != len(texts):  # a text holds the separator itself, or a mask has taken it
        masked = [mask_pii(text).text for text in texts]
    for (row, name), text in zip(places, masked, strict=True):
        row[name] = text


def _fitting(head: dict[str, Any], trace: dict[str, Any], cut: set[str]) -> str:
    """The JSON of a trace: its texts shortened where it is too large, then sections left out."""
    text = dump({**head, **trace, "cut": sorted(cut)})
    most = MOST_CHARS + len(dump(head))
    for longest in _SHORTER:
        if len(text) <= most:
            return text
        for name in trace:
            trace[name] = _shorter(trace[name], longest, partial(cut.add, name))
        text = dump({**head, **trace, "cut": sorted(cut)})
    for name in _SECTIONS:
        if len(text) <= most:
            break
        trace[name] = []
        cut.add(name)
        text = dump({**head, **trace, "cut": sorted(cut)})
    return text


def _shorter(value: Any, most: int, cut: Callable[[], object]) -> Any:
    if isinstance(value, str) and len(value) > most:
        cut()
        return value[:most] + "…"
    if isinstance(value, dict):
        return {name: _shorter(one, most, cut) for name, one in value.items()}
    if isinstance(value, list):
        return [_shorter(one, most, cut) for one in value]
    return value
