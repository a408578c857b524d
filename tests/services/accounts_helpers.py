"""Four people of a small shop, all with one password."""

from __future__ import annotations

from collections.abc import Callable

from services import Accounts

PASSWORD = "오래오래기억할비밀번호"
MINJI = "minji@example.kr"
PEOPLE = (
    ("user_a", MINJI, "김민지", "customer", False),
    ("user_b", "jihun@example.kr", "박지훈", "customer", False),
    ("staff_a", "staff@example.kr", "이상담", "staff", False),
    ("demo_a", "demo@example.kr", "데모", "customer", True),
)

Make = Callable[..., Accounts]
