"""Trying a provider from its card: asked in a thread, watched by the page, left at any moment.

The whole page is drawn before a trial runs, so that nothing on it waits; any click reruns the
page, which ends the watching, and with it the trial.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import Any, Literal

import streamlit as st

from agent.types import Caller
from errors import LLMError, SangdamError
from services.diagnostics import TEST_S, Diagnostics, ProviderView, words_of
from ui.diagnostics_tables import data, money, took
from ui.format import short

__all__ = ["Kind", "Outcome", "forget", "lit", "outcome_of", "run", "show", "start", "take"]

Kind = Literal["probe", "generate"]
LONGEST_S = TEST_S + 1  # its own end tells more
WORDS_AFTER_S = 0.3
TICK_S = 0.1
MODELS_SHOWN = 6
TEXT_SHOWN = 2000
_WANTED = "sangdam_diag_wanted"
_OUTCOMES = "sangdam_diag_outcomes"
_DOING = {"probe": "연결해 보고 있어요", "generate": "모델의 문장을 기다리고 있어요"}
_log = logging.getLogger("sangdam.page")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a trial ended: ready Markdown, and the model's own words, which are never that."""

    kind: Kind
    good: bool
    said: str
    facts: str = ""
    text: str = ""
    models: tuple[str, ...] = ()


def start(name: str, kind: Kind) -> None:
    """A button was pressed (a callback): the run that follows tries this provider."""
    st.session_state[_WANTED] = (name, kind)
    st.session_state.setdefault(_OUTCOMES, {}).pop(name, None)


def take() -> tuple[str, Kind] | None:
    """What was pressed, once."""
    found: tuple[str, Kind] | None = st.session_state.pop(_WANTED, None)
    return found


def outcome_of(name: str) -> Outcome | None:
    """How the last trial of a provider ended in this tab."""
    found: Outcome | None = st.session_state.get(_OUTCOMES, {}).get(name)
    return found


def forget() -> None:
    """The page is to show what holds now (a callback)."""
    st.session_state.pop(_OUTCOMES, None)


def lit(view: ProviderView) -> ProviderView:
    """A provider in the light of this tab's last connection, newer than the last answer."""
    found = outcome_of(view.name)
    if found is None or found.kind != "probe" or view.light not in ("green", "orange"):
        return view
    if not found.good:
        return replace(view, light="red", word="연결 안 됨")
    return view if view.latency_ms is not None else replace(view, word="연결됨")


def show(found: Outcome) -> None:
    """Draw it inside the provider's card."""
    icon = ":green[:material/check_circle:]" if found.good else ":red[:material/error:]"
    st.markdown(f"{icon} {found.said}")
    if found.text:
        with st.container(key="diag-text", border=True):
            st.text(found.text)
    if found.facts:
        st.caption(found.facts)
    if len(found.models) > MODELS_SHOWN:
        with st.expander(f"모델 {len(found.models):,}개"):
            st.markdown("  \n".join(data(short(model, 120)) for model in found.models))
    elif found.models:
        st.caption("모델: " + ", ".join(data(short(model, 120)) for model in found.models))


def run(place: Any, diagnostics: Diagnostics, caller: Caller, view: ProviderView, kind: Kind,
        prompt: str) -> None:  # fmt: skip
    """Try it and draw what comes into ``place``; then the page is drawn anew with its end."""
    watch = _Watch(diagnostics, caller, view.name, kind, prompt)
    try:
        with place.container():
            outcome = _probed(watch, view) if kind == "probe" else _generated(watch)
    except SangdamError as error:
        outcome = _failed(kind, error, view.name)
    except Exception:
        _log.exception("the trial of a provider failed")
        outcome = Outcome(kind, False, "확인하는 중에 문제가 생겼어요. 로그를 살펴봐 주세요.")
    finally:  # also when another click ends this run
        watch.stop()
    st.session_state.setdefault(_OUTCOMES, {})[view.name] = outcome
    st.rerun()


class _Watch:
    """A trial under way: its thread puts what comes into a queue the page reads."""

    def __init__(
        self, diagnostics: Diagnostics, caller: Caller, name: str, kind: Kind, prompt: str
    ) -> None:
        self.kind = kind
        self.started = time.monotonic()
        self._gone = threading.Event()
        self._came: SimpleQueue[Any] = SimpleQueue()
        self._work = (diagnostics, caller, name, prompt)
        threading.Thread(target=self._ask, name="provider-trial", daemon=True).start()

    @property
    def passed_s(self) -> float:
        """Seconds since the button was pressed."""
        return time.monotonic() - self.started

    def stop(self) -> None:
        """Nobody watches any more."""
        self._gone.set()

    def pieces(self) -> Iterator[Any]:
        """What came; None about every tenth of a second. Raises what the trial raised."""
        while self.passed_s < LONGEST_S:
            try:
                piece = self._came.get(timeout=TICK_S)
            except Empty:
                yield None
                continue
            if isinstance(piece, _End):
                if piece.error is not None:
                    raise piece.error
                return
            yield piece
        raise LLMError("timeout", detail=f"{LONGEST_S:.0f} s")

    def _ask(self) -> None:
        end = _End()
        try:
            for piece in self._source():
                self._came.put(piece)
                if self._gone.is_set():
                    break
        except Exception as error:  # raised again where it is watched
            end = _End(error)
        self._came.put(end)

    def _source(self) -> Iterable[Any]:
        diagnostics, caller, name, prompt = self._work
        if self.kind == "probe":
            return [diagnostics.probe(caller, name)]
        return diagnostics.generate(caller, name, prompt, cancel=self._gone)


@dataclass(frozen=True, slots=True)
class _End:
    error: Exception | None = None


class _Waiting:
    """The words of waiting and the button that ends it, after a moment."""

    def __init__(self, watch: _Watch) -> None:
        self._watch = watch
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            self._words, self._button = st.empty(), st.empty()
        self._drawn = False

    def tell(self) -> None:
        """Also where another click ends this run."""
        passed = self._watch.passed_s
        if passed < WORDS_AFTER_S:
            return
        self._words.markdown(f":gray[{_DOING[self._watch.kind]}… {passed:.0f}초]")
        if not self._drawn:
            self._button.button("멈추기", key="diag-stop", icon=":material/stop:")
            self._drawn = True

    def over(self) -> None:
        self._words.empty()
        self._button.empty()


def _probed(watch: _Watch, view: ProviderView) -> Outcome:
    waiting = _Waiting(watch)
    probe = None
    for piece in watch.pieces():
        probe = piece or probe
        waiting.tell()
    waiting.over()
    assert probe is not None  # the thread puts one, or its error
    if not probe.success:
        said = f"**연결하지 못했어요.** {_told(probe.error_kind, view.name)}"
        return Outcome("probe", False, said, _detail(probe.detail, probe.elapsed_ms))
    said = f"**연결됐어요.** 답하는 데 {took(probe.elapsed_ms)} 걸렸어요."
    if probe.models and not _offers(probe.models, view.model):
        said += f" 설정한 모델이 이 서버의 목록에 없어요: {data(view.model)}"
    return Outcome("probe", True, said, models=tuple(probe.models))


def _offers(models: Iterable[str], wanted: str) -> bool:
    """Whether the configured model is listed; Ollama lists "name" as "name:latest"."""
    return not wanted or wanted in models or f"{wanted}:latest" in models


def _generated(watch: _Watch) -> Outcome:
    waiting = _Waiting(watch)
    with st.container(key="diag-text-live"):
        place = st.empty()
    text, final = "", None
    for piece in watch.pieces():
        if piece is None:
            waiting.tell()
        elif hasattr(piece, "text"):
            text += piece.text
            place.text(text[:TEXT_SHOWN])
        else:
            final = piece
    waiting.over()
    assert final is not None
    if len(text) > TEXT_SHOWN:
        text = text[:TEXT_SHOWN] + "…"
    if not text.strip():
        return Outcome("generate", False, "**답이 비어 있어요.** 다른 모델로 바꿔 보세요.",
                       _facts(final))  # fmt: skip
    return Outcome("generate", True, "**문장을 만들었어요.**", _facts(final), text)


def _facts(final: Any) -> str:
    """Times, tokens and cost of a generation, in a line."""
    usage = final.usage
    about = "약 " if usage.estimated else ""
    tokens = f"토큰 {about}입력 {usage.input_tokens:,} · 출력 {usage.output_tokens:,}"
    if usage.cached_tokens:
        tokens += f" · 캐시 {usage.cached_tokens:,}"
    parts = [
        f"첫 글자 {took(final.first_token_ms)}", f"전체 {took(final.total_ms)}", tokens,
        _cost(final.cost_usd), data(short(final.model, 80)),
    ]  # fmt: skip
    if final.finish == "length":
        parts.append("길이 제한에서 끊겼어요")
    return " · ".join(part for part in parts if part)


def _cost(usd: float | None) -> str:
    if usd is None:
        return "비용 모름(가격표에 없어요)"
    return f"비용 {money(usd)}" if usd else "비용 없음"


def _failed(kind: Kind, error: SangdamError, name: str) -> Outcome:
    if not isinstance(error, LLMError):
        return Outcome(kind, False, data(error.message))
    begun = " 쓰던 도중에 끊겼어요." if error.emitted else ""
    said = f"**{_FAILED[kind]}**{begun} {_told(error.kind, name)}"
    return Outcome(kind, False, said, _detail(error.detail, None))


_FAILED = {"probe": "연결하지 못했어요.", "generate": "문장을 받지 못했어요."}


def _told(kind: str, name: str) -> str:
    word, remedy = words_of(kind, name)
    return data(f"{word} {remedy}")


def _detail(detail: str, elapsed_ms: float | None) -> str:
    parts = [f"{took(elapsed_ms)} 기다렸어요"] if elapsed_ms is not None else []
    if detail:
        parts.append(f"서버의 말: {data(short(detail, 300))}")
    return " · ".join(parts)
