"""정책 검색: the clauses the desk itself answers from, for everybody."""

from __future__ import annotations

from ui import page, policy_search, session

desk = page.setup("정책 검색", roles=page.EVERYBODY, layout="centered")
policy_search.draw(desk, session.caller())
