"""Nouns that nobody brought up: neither the draft, its evidence, the customer nor the desk.

A reply that only words what is known needs few words of its own. The ones it may bring are
those of the desk's own reply templates and the plain ones of :data:`COMMON`; a noun beside
those ("옆집에 두고 갔어요", "고객님 등급은") is a subject the model made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from agent.guardrails.claims import squeezed

__all__ = ["COMMON", "Vocabulary"]

# Words of time and order (their truth is the grounding check's), and of plain politeness.
COMMON = frozenset(
    """월요일 화요일 수요일 목요일 금요일 토요일 일요일 오늘 내일 모레 어제 이번 다음 지난주
    일주일 하루 이틀 사흘 나흘 주말 평일 오전 오후 예정일 예정 현재 지금 제외 포함 출발 잠시
    조금 먼저 나중 추가 관련 내용 정도 경우 이후 이전 이내 중간 최근 기준 상황 상태 순서
    방법 부분 이상 이하 가능 불가능 필요 걱정 양해 감사 죄송 불편 이해 도움 준비 진행 시간
    날짜 기간 금액 가격 합계 번호 전액 일부 나머지 모두 각각 함께 덕분 마음 참고 안심 사용
    이용 선택 결정 시작 마무리 궁금 질문 답변 이야기 설명 소개 추천 종류 조건 예산 특징 장점
    색상 사이즈 크기 무게 재고 품절""".split()
)
_NOUNS = ("NNG", "NNP", "XR")
_SHORTEST = 2  # syllables; shorter ones stand in half of all words


class _Morpheme(Protocol):
    @property
    def form(self) -> str: ...

    @property
    def tag(self) -> str: ...


class _Tokenizer(Protocol):
    def morphemes(self, text: str, /) -> Sequence[_Morpheme]: ...


class Vocabulary:
    """The desk's own nouns. Safe to share between threads where the tokenizer is."""

    def __init__(self, tokenizer: _Tokenizer, texts: Iterable[str]) -> None:
        """``texts`` are the desk's own words: its reply templates."""
        self._tokenizer = tokenizer
        self._own = COMMON | {noun for text in texts for noun, _ in self._nouns(text)}

    def new_nouns(self, text: str, known: str, *, proper_only: bool = False) -> tuple[str, ...]:
        """Nouns of ``text`` that neither ``known`` (squeezed) nor the desk has, each once.

        ``proper_only``: names alone, where a model may speak of more than its draft.
        """
        found = [
            noun
            for noun, tag in self._nouns(text)
            if (tag == "NNP" or not proper_only)
            and noun not in self._own
            and squeezed(noun) not in known
        ]
        return tuple(dict.fromkeys(found))

    def _nouns(self, text: str) -> list[tuple[str, str]]:
        return [
            (one.form, one.tag)
            for one in self._tokenizer.morphemes(text)
            if one.tag in _NOUNS and len(one.form) >= _SHORTEST
        ]
