"""정책 검색: the clauses the desk itself answers from, for everybody."""

from __future__ import annotations

from ui import page, policy_search, session

# A reading column; staff compare three modes side by side.
person = session.user()
desk = page.setup(
    "정책 검색",
    roles=page.EVERYBODY,
    layout="wide" if person and person.role in page.STAFF else "centered",
)
policy_search.draw(desk, session.caller())
