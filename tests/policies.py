"""A desk whose policies a test may change: an index and a shelf of its own."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

from retrieval import PolicyIndex, PolicySearch
from services import Services
from services.policy_desk import Draft
from tests.conftest import CACHE

__all__ = ["PETS", "draft", "own_policies"]

PETS = """## 반려동물과 함께 매장에 와도 되나요
이동장에 넣은 고슴도치는 매장에 함께 들어올 수 있습니다.
"""


def own_policies(shop: Services, folder: Path) -> Services:
    """``shop`` with a copy of the index in ``folder``, for it alone."""
    mine = folder / "policy_index"
    shutil.copytree(CACHE / "policy_index", mine)
    shop.__dict__["index"] = PolicyIndex(mine, shop.tokenizer, shop.encoder)
    shop.__dict__["policies"] = PolicySearch(shop.index)
    shop.build_index()  # the cache may be another run's
    return shop


def draft(title: str = "반려동물 동반", body: str = PETS, **given: object) -> Draft:
    """A public policy in force from the test's day on."""
    facts = {"effective_from": date(2026, 11, 20), **given}
    return Draft(title=title, body=body, **facts)  # type: ignore[arg-type]
