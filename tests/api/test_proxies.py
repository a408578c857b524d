"""X-Forwarded-For at the real server: only the setting's proxies are believed."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from services import Services
from tests.api.console import console, seeded


@pytest.mark.process
@pytest.mark.parametrize(
    ("trusted", "told"), [("", [401] * 3 + [429] * 3), ("127.0.0.0/8", [401] * 6)]
)
def test_who_names_an_address(
    base: Services, tmp_path: Path, trusted: str, told: list[int]
) -> None:
    folder = seeded(base, tmp_path / "data")
    settings = {"SANGDAM_TRUSTED_PROXIES": trusted, "SANGDAM_REQUESTS_PER_MINUTE": "3"}
    with console(folder, **settings) as running:
        got = [
            httpx2.get(
                f"{running.url}/api/auth/me", trust_env=False,
                headers={"X-Forwarded-For": f"203.0.113.{n}"},
            ).status_code
            for n in range(6)
        ]  # fmt: skip
    assert got == told
