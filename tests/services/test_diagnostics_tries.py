"""Trying a provider for real: its models, a few words, and every way in which that fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from agent.llm import Cancelled, Final, TextDelta
from agent.llm.types import Purpose
from errors import LLM_KINDS, BadInput, LLMError, NotFound, Unavailable
from services.diagnostics import Diagnostics, words_of
from services.diagnostics_words import PURPOSES
from tests.agent.llm.one_more_provider import Scripted
from tests.llmserver import LLMServer, Reply, nobody_there, providers_table
from tests.services.diagnostics_rig import ADMIN, close_all, desk_of, view_of


@pytest.fixture(autouse=True)
def closed_at_the_end() -> Iterator[None]:
    yield
    close_all()


@pytest.fixture
def server() -> Iterator[LLMServer]:
    with LLMServer(Reply("안녕하세요. <b>반가워요</b>", usage=(20, 5, 0))) as found:
        yield found


def asking(folder: Path, server: LLMServer | str) -> Diagnostics:
    """The diagnostics of a desk with one provider, named "one"."""
    tables = {"providers": {"one": providers_table(server, "openai")}, "limits": {"retries": 0},
              "routes": {"policy": ["one"]}}  # fmt: skip
    return desk_of(folder, llm=tables)


def test_a_probe_tells_the_servers_models(tmp_path: Path, server: LLMServer) -> None:
    diagnostics = asking(tmp_path, server)
    found = diagnostics.probe(ADMIN, "one")
    assert found.success
    assert found.models == tuple(server.models)
    assert diagnostics.probe(ADMIN, "offline").models == ("template",)
    with pytest.raises(NotFound, match=r"one, .*offline"):
        diagnostics.probe(ADMIN, "two")


def test_a_generation_streams_and_is_entered(tmp_path: Path, server: LLMServer) -> None:
    diagnostics = asking(tmp_path, server)
    pieces = list(diagnostics.generate(ADMIN, "one", "제 번호는 010-1234-5678이에요"))
    texts = [piece.text for piece in pieces if isinstance(piece, TextDelta)]
    assert len(texts) > 1
    assert "".join(texts) == "안녕하세요. <b>반가워요</b>"
    assert isinstance(pieces[-1], Final)
    assert "1234-5678" not in str(server.asked[0].body)
    [day] = diagnostics.days(ADMIN, 1)
    assert (day.provider, day.purpose, day.calls, day.input_tokens) == ("one", "test", 1, 20)
    assert (view_of(diagnostics, "one").light, view_of(diagnostics, "one").word) == (
        "green", "정상",
    )  # fmt: skip


def test_a_failure_is_raised_and_nobody_stands_in(tmp_path: Path) -> None:
    with nobody_there() as url:
        diagnostics = asking(tmp_path, url)
        with pytest.raises(LLMError) as caught:
            list(diagnostics.generate(ADMIN, "one"))
    assert caught.value.kind == "unreachable"
    view = view_of(diagnostics, "one")
    assert (view.light, view.last_error) == ("orange", words_of("unreachable")[0])
    assert "base_url" in view.remedy
    assert view.last_error_at
    assert view.last_error_at.endswith("Z")
    assert view.detail


def test_a_provider_that_is_back_needs_no_remedy(tmp_path: Path) -> None:
    with LLMServer(Reply(status=503), Reply("네.")) as server:
        diagnostics = asking(tmp_path, server)
        with pytest.raises(LLMError):
            list(diagnostics.generate(ADMIN, "one"))
        assert view_of(diagnostics, "one").remedy
        list(diagnostics.generate(ADMIN, "one"))
    view = view_of(diagnostics, "one")
    assert (view.light, view.word, view.remedy) == ("green", "정상", "")
    assert view.last_error == words_of("overloaded")[0]  # what happened is still told


def test_a_breaker_that_opens_is_red_and_passed_over(tmp_path: Path) -> None:
    with nobody_there() as url:
        diagnostics = asking(tmp_path, url)
        for _ in range(5):
            with pytest.raises(LLMError):
                list(diagnostics.generate(ADMIN, "one"))
        view = view_of(diagnostics, "one")
        assert (view.light, view.breaker) == ("red", "open")
        [policy] = [one for one in diagnostics.routes(ADMIN) if one.intent == "policy"]
        assert (policy.steps, policy.skipped) == ((), (("one", "잇달아 실패해서 쉬는 중"),))


def test_what_cannot_be_tried_is_refused_at_once(tmp_path: Path, server: LLMServer) -> None:
    diagnostics = asking(tmp_path, server)
    with pytest.raises(BadInput, match="200"):
        diagnostics.generate(ADMIN, "one", "가" * 201)
    with pytest.raises(NotFound):
        diagnostics.generate(ADMIN, "two")
    with pytest.raises(Unavailable, match="SANGDAM_LLM_MIDM_BASE_URL"):
        diagnostics.generate(ADMIN, "midm")
    assert not server.asked
    offline = list(diagnostics.generate(ADMIN, "offline"))
    assert isinstance(offline[0], TextDelta)
    assert offline[-1].provider == "offline"  # type: ignore[union-attr]


def test_a_kind_stands_for_its_first_provider(tmp_path: Path) -> None:
    rows = {name: {"kind": "scripted", "model": "m"} for name in ("attic", "cellar")}
    diagnostics = desk_of(tmp_path, llm={"providers": rows}, more=(Scripted,))
    assert diagnostics.probe(ADMIN, "scripted").success
    *_, final = diagnostics.generate(ADMIN, "scripted")
    assert isinstance(final, Final)
    assert final.provider == "attic"
    assert view_of(diagnostics, "attic").kind == "scripted"


def test_whoever_leaves_stops_the_call(tmp_path: Path) -> None:
    with LLMServer(Reply(fault="drip_words")) as server:
        diagnostics = asking(tmp_path, server)
        cancel = threading.Event()
        pieces = diagnostics.generate(ADMIN, "one", cancel=cancel)
        assert isinstance(next(pieces), TextDelta)
        cancel.set()
        with pytest.raises(Cancelled):
            list(pieces)
        assert server.gone.wait(2)


def test_every_purpose_has_its_words() -> None:
    assert set(PURPOSES) == set(get_args(Purpose))


@pytest.mark.parametrize("kind", LLM_KINDS)
def test_every_failure_has_words_and_a_remedy(kind: str) -> None:
    word, remedy = words_of(kind, "ollama")
    assert word.endswith(("요.", "다."))
    assert remedy.endswith("요.")
    assert "{" not in word + remedy
    assert words_of(kind) != words_of("another kind")
