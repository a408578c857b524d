"""The commands of ``evals`` on a shop of the test's own, with one tiny suite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

import services
from evals import __main__ as command
from evals import compare, suites
from evals.subject import Subject
from services import Services
from tests.evals.evals_helpers import Tiny


@pytest.fixture
def tiny() -> Tiny:
    return Tiny()


@pytest.fixture
def run(
    tiny: Tiny, base: Services, shop: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., int]:
    """``run("run", "--json")``: the command, its exit status returned."""

    @contextmanager
    def subject(*_: object, **__: object) -> Iterator[Subject]:
        yield Subject(base, tmp_path)

    monkeypatch.setattr(command, "open_subject", subject)  # the shared, prepared shop
    monkeypatch.setattr(services, "_instance", shop)
    monkeypatch.setattr(suites, "NAMES", ("tiny",))
    monkeypatch.setattr(compare, "NAMES", ("tiny",))
    modules = SimpleNamespace(TITLE=tiny.TITLE, run=tiny.run, size=tiny.size)
    monkeypatch.setattr(suites, "load", lambda name: modules)
    monkeypatch.setattr(compare, "BASELINE", tmp_path / "baseline.json")
    return lambda *arguments: command.main([*map(str, arguments)])
