"""The four stages of a search beside each other, and two searches beside each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal

import streamlit as st

from services import Services
from ui.format import marked, plain, short
from ui.inspection import clause

__all__ = ["NOTICE", "columns", "one_list"]

EXCERPT = 64
LEAD = 16  # characters before the first word that is marked
STAGES: Mapping[str, tuple[str, str]] = {
    "keyword": ("키워드", "같은 낱말"),
    "vector": ("의미", "가까운 뜻"),
    "fused": ("합계", "둘을 더한 점수"),
    "reranked": ("다시 매김", "답할 때 쓰는 순서"),
}
_BEFORE: Mapping[str, tuple[str, ...]] = {"fused": ("keyword", "vector"), "reranked": ("fused",)}
NOTICE: Mapping[str, str] = {
    "index_missing": "색인이 아직 없어요.",
    "nothing_in_force": "이 조건으로 볼 수 있는 조항이 없어요.",
    "no_known_words": "아는 낱말이 없어요.",
    "no_keyword_match": "같은 낱말이 쓰인 조항이 없어서 뜻만 봤어요.",
    "no_vector": "뜻을 알 수 있는 낱말이 없어서 낱말만 봤어요.",
    "encoder_changed": "색인을 새로 만들어야 뜻으로 찾을 수 있어요.",
    "vector_failed": "뜻으로 찾기가 실패해서 낱말만 봤어요.",
    "empty_query": "질문이 비어 있어요.",
}


def columns(desk: Services, seen: Any, cited: Collection[str]) -> None:
    """Each stage's best clauses with rank, score and where it came from; ``cited`` are marked."""
    excerpts: dict[str, str] = {}
    with st.container(key="inspection-stages"):  # on a phone they are swiped through
        places = st.columns(4, gap="small")
    for column, stage in zip(places, STAGES, strict=True):
        with column.container(key=f"stage-{stage}", gap="xsmall"):
            _stage(desk, seen, stage, cited, excerpts)


def _stage(
    desk: Services, seen: Any, stage: str, cited: Collection[str], excerpts: dict[str, str]
) -> None:
    name, what = STAGES[stage]
    st.markdown(f"**{name}** :gray[:small[{what}]]")
    hits = seen.stages.get(stage, ())
    if not hits:
        st.caption("이 단계는 이 질문에 할 말이 없어요.")
    for place, hit in enumerate(hits, 1):
        with st.container(border=True, key=f"hit-{stage}-{place}", gap=None):
            clause.button(hit.chunk, f"{place}. {short(hit.chunk.section, 40)}",
                          key=f"{stage}-{place}")  # fmt: skip
            mark = ":green[:material/format_quote:] " if hit.chunk.chunk_id in cited else ""
            st.caption(f"{mark}{plain(short(hit.chunk.title, 16))} · {_score(stage, hit)}")
            st.markdown(f":small[{_excerpt(desk, seen.searched, hit.chunk, excerpts)}]")


def one_list(desk: Services, found: Any, side: Literal["left", "right"], name: str) -> None:
    """One side of a comparison: its clauses with their places on the other side."""
    seen = found.left if side == "left" else found.right
    other: Literal["left", "right"] = "right" if side == "left" else "left"
    result = seen.result
    st.markdown(f"**{name}** :gray[:small[조항 {len(result.hits)}개 · {result.took_ms:.0f}ms]]")
    if result.notice:
        st.caption(NOTICE.get(result.notice, ""))
    excerpts: dict[str, str] = {}
    for place, hit in enumerate(result.hits, 1):
        there = found.place(other, hit.chunk.chunk_id)
        with st.container(border=True, key=f"{side}-{place}", gap=None):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                clause.button(hit.chunk, f"{place}. {short(hit.chunk.section, 46)}",
                              key=f"{side}-{place}")  # fmt: skip
                _other_side(side, place, there)
            st.caption(f"{plain(short(hit.chunk.title, 30))} · 점수 {hit.score:.3f}")
            st.markdown(f":small[{_excerpt(desk, seen.searched, hit.chunk, excerpts)}]")


def _other_side(side: str, place: int, there: int | None) -> None:
    if there is None:
        word, colour = ("들어옴", "green") if side == "right" else ("빠짐", "red")
        st.badge(word, color=colour)  # type: ignore[arg-type]
    elif there != place:
        st.badge(f"맞은편 {there}위", color="gray")


def _score(stage: str, hit: Any) -> str:
    """The score, and the places of the stages before: "0.620 · 키워드 3위 · 의미 1위"."""
    score = getattr(hit.scores, stage)
    parts = [f"{score:.3f}"]
    before = _BEFORE.get(stage, ())
    for name in before:
        place = getattr(hit.ranks, name)
        parts.append(f"{STAGES[name][0]} {f'{place}위' if place else '없음'}")
    if stage == "reranked" and hit.ranks.fused and hit.ranks.reranked:
        moved = hit.ranks.fused - hit.ranks.reranked
        if moved:
            parts[-1] = f":green[▲{moved}]" if moved > 0 else f":red[▼{-moved}]"
    return " · ".join(parts)


def _excerpt(desk: Services, query: str, chunk: Any, known: dict[str, str]) -> str:
    """The place of the text that says the question's words, these marked."""
    if chunk.chunk_id not in known:
        flat = " ".join(chunk.text.replace("**", "").split())
        spans = desk.highlight(query, flat)
        first = max(0, (spans[0][0] if spans else 0) - LEAD)
        cut = flat[first : first + EXCERPT]
        inside = [
            (start - first, end - first)
            for start, end in spans
            if start >= first and end <= first + len(cut)
        ]
        head, tail = "…" if first else "", "…" if first + len(cut) < len(flat) else ""
        known[chunk.chunk_id] = f"{head}{marked(cut, inside)}{tail}"
    return known[chunk.chunk_id]
