"""A model's wording of a reply, let out sentence by sentence as each holds.

The model is given the desk's own draft and what the tools returned, nothing else. What it says
goes out up to the last whole sentence that passes the output guard; the first that does not
ends its say, and the draft takes over. So nothing reaches the customer that has not been held
against the evidence, and nothing is taken back.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter

from agent.desk import Desk, State
from agent.flows import FLOWS
from agent.guardrails import (
    CONTACTS,
    Evidence,
    Vault,
    added_by_wording,
    as_data,
    check_output,
    mask_pii,
    plain_text,
)
from agent.guardrails.claims import Basis, squeezed
from agent.guardrails.facts import KST
from agent.guardrails.polarity import leaves_out
from agent.llm import ChatMessage, Final, Gateway, Piece, Route, Tag, ToolCall
from agent.llm.routing import plan
from agent.llm.tools.belt import OFFERED, ToolBelt
from agent.llm.tools.converse import converse
from agent.memory import recall
from agent.turn import Turn
from agent.types import Card, Delta, Event, Status
from errors import LLMError, Unavailable

__all__ = ["Evidently", "Wording", "word"]

log = logging.getLogger("sangdam.turn")
# A sentence ends behind its mark where a blank follows ("12.5" and "3.0%" are none), or with
# its line; the blank belongs to the next one, so a reply never ends in one.
_END = re.compile(r"(?<![.!?…])[.!?…]++[\"')\]”’]*+(?=\s)|(?<=\S)(?=[^\S\n]*+\n)")
_THINKS = re.compile(r"\s*<(think|thinking|reasoning)>", re.IGNORECASE)
_LONGEST_TAG = len("</reasoning>")
_SPLIT = "\n␞\n"  # between the draft and its evidence while both are masked as one
# A model that says a sentence twice, or more than anybody reads, goes round in circles.
SHORTEST, MOST_CHARS, MOST_SENTENCES, MOST_THOUGHT = 8, 2000, 80, 100_000
WRITING = "답변을 쓰고 있어요"
# Where the answer may lie in what the flow did not look up.
_MAY_LOOK = ("product_info", "general", "unknown")
# What the guard found → how the turn's record and the metrics name it.
_FLAG = {
    "false_promise": "model_false_promise",
    "promise": "model_false_promise",
    "done": "model_false_promise",
    "payer": "model_false_promise",
    "free": "model_false_promise",
    "reversed": "model_reversed",
    "pii": "model_personal_data",
    "markup": "model_markup",
    "asks_secret": "model_asks_secret",
    "inside": "model_internal",
}


@dataclass(slots=True)
class Wording:
    """What came of it: ``final`` is None where the draft stands alone; ``whole`` where the
    model's words are the reply and nothing of the draft has to follow."""

    final: Final | None = None
    whole: bool = False


@dataclass(slots=True)
class Evidently:
    """The turn's evidence, collected anew when a tool has added to it."""

    turn: Turn
    state: State
    _of: int = -1
    _evidence: Evidence = field(default_factory=Evidence)
    _basis: Basis | None = None

    @property
    def basis(self) -> Basis:
        """What a wording may rest on: the draft, and the turn's evidence as last collected."""
        if self._basis is None:
            self._collect()
        assert self._basis is not None
        return self._basis

    def _collect(self) -> None:
        turn = self.turn
        if self._of == len(turn.evidence) and self._basis is not None:
            return
        today = self.state.now.astimezone(KST).date()
        known = (*turn.evidence, *turn.draft.citations, {"customer": self.state.caller.name})
        self._evidence = Evidence.collect(known, message=turn.text, today=today)
        self._basis = Basis.of(plain_text(turn.draft.text), self._evidence)
        self._of = len(turn.evidence)

    def new_nouns(self, desk: Desk, text: str, *, proper_only: bool) -> tuple[str, ...]:
        """Nouns of ``text`` that neither the turn nor the desk's own words know."""
        self._collect()
        if desk.vocabulary is None:
            return ()
        known = self.basis.facts + squeezed(self.turn.text)
        return desk.vocabulary.new_nouns(text, known, proper_only=proper_only)

    def problems(self, text: str) -> tuple[str, ...]:
        """What of ``text`` nothing in the turn supports, as ``check_output``'s codes."""
        turn = self.turn
        self._collect()
        cited = [citation.chunk_id for citation in turn.draft.citations]
        return check_output(
            text, self._evidence, citations=cited, retrieved=turn.retrieved
        ).problems


def word(
    desk: Desk, state: State, turn: Turn, draft: str, evidence: Evidently
) -> Generator[Event, None, Wording]:
    """The model's sentences as ``Delta``, what it looks up as ``Status``; what came of it.

    ``state.said`` grows by every sentence. Flags say what went wrong. Raises Cancelled.
    """
    assert desk.llm is not None
    route, belt = _way(desk, desk.llm, turn)
    if not plan(desk.llm.config, route):
        return Wording()
    state.prompt = desk.prompts.version(turn.intent)
    instruction = desk.prompts.instruction(turn.intent)
    messages, vault = _asked(desk, state, turn, draft, instruction)
    outcome = Wording()
    # With tools it may speak of more than the draft does, but of no name that no tool told.
    new_nouns = partial(evidence.new_nouns, desk, proper_only=belt is not None)
    guard = _Guard(evidence, draft, instruction, vault, new_nouns)
    # Nothing is looked for any more, and a slow model takes its time.
    yield Status(WRITING, state.conversation.conversation_id, state.turn_id)
    try:
        # Closed before anything else happens, so that the turn's books have the call.
        with closing(_pieces(desk, state, route, belt, messages)) as pieces:
            for piece in pieces:
                if isinstance(piece, ToolCall):
                    doing = "확인하고 있어요" if belt is None else belt.doing(piece)
                    yield Status(doing, state.conversation.conversation_id, state.turn_id)
                elif isinstance(piece, Final):
                    outcome.final = piece
                else:
                    yield from _let_out(state, guard.feed(piece.text))
        outcome.whole = _complete(state, turn, outcome.final, guard)
        if outcome.whole:
            yield from _let_out(state, guard.rest())
    except _Ungrounded as found:
        state.trace.guard("model", found.text, found.problems)
        state.flags += ["ungrounded_model_reply", *found.flags]
        log.warning("turn %s: the model added %s", state.turn_id, ", ".join(found.problems))
        outcome.whole = False
    except (LLMError, Unavailable) as error:
        state.flags.append("model_unavailable")
        log.warning("turn %s: no model worded it: %s", state.turn_id, error.code)
        outcome.whole = False
    if belt is not None:
        state.flags += belt.refused
        if belt.desk_spoke:  # its own offer, or why there is none
            outcome.whole = False
        elif outcome.whole:
            belt.show()
    return outcome


def _complete(state: State, turn: Turn, final: Final | None, guard: _Guard) -> bool:
    """Whether the model came to its own end and said what has to be said."""
    whole = final is not None and final.finish == "stop" and guard.spoke
    if not whole:
        state.flags.append("model_unavailable")
    elif guard.leaves_out(offer=turn.draft.proposal is not None):  # the draft follows and says it
        state.flags.append("model_left_out")
        return False
    return whole


def _way(desk: Desk, gateway: Gateway, turn: Turn) -> tuple[Route, ToolBelt | None]:
    """The chain that words the turn, and the tools it may use: product and general questions."""
    domain = FLOWS[turn.intent].domain
    staff = turn.caller.is_staff  # would be shown what is not for customers, nor for models
    if domain in _MAY_LOOK and gateway.config.limits.tool_steps and not staff:
        able = gateway.route(intent=turn.intent, domain=domain, needs={"tools"})
        if able.models:
            return able, ToolBelt(turn, OFFERED, read=desk.database.read)
    return gateway.route(intent=turn.intent, domain=domain), None


def _pieces(
    desk: Desk, state: State, route: Route, belt: ToolBelt | None, messages: list[ChatMessage]
) -> Generator[Piece, None, None]:
    assert desk.llm is not None
    limits, session_id = desk.llm.config.limits, state.conversation.conversation_id
    tag = Tag("compose", state.prompt, state.turn_id, session_id)
    left = state.left_s(limits.total_s)
    if belt is not None:
        return converse(
            desk.llm, route, messages, belt, steps=limits.tool_steps, tag=tag, spend=state.spend,
            cancel=state.cancel, deadline_s=left,
        )  # fmt: skip
    return desk.llm.complete(
        route, messages, tag=tag, spend=state.spend, cancel=state.cancel, deadline_s=left
    )


def _asked(
    desk: Desk, state: State, turn: Turn, draft: str, instruction: str
) -> tuple[list[ChatMessage], Vault]:
    """What the model is given. Contacts of the draft come back into its wording by the vault;
    the customer's own are masked for good, and no text can close the tag it stands in."""
    beside = [citation.quote for citation in turn.draft.citations]
    beside += [_as_line(card) for card in turn.draft.cards if card.type == "product"]
    found = "\n\n".join(beside)
    masked = mask_pii(f"{draft}{_SPLIT}{found}", for_cloud=True, reversible=CONTACTS)
    shown, _, evidence = masked.text.partition(_SPLIT)
    said = as_data(mask_pii(turn.text, for_cloud=True).text)
    assert desk.llm is not None
    before = recall(
        state.conversation.summary, turn.history()[:-1], desk.llm.config.limits.history_tokens
    )
    parts = {
        "history": as_data(mask_pii(before, for_cloud=True).text),
        "message": said,
        "draft": as_data(shown),
        "evidence": as_data(evidence),
    }
    told = "\n".join(f"<{name}>\n{text}\n</{name}>" for name, text in parts.items() if text.strip())
    return [ChatMessage("system", instruction), ChatMessage("user", told)], masked.vault


def _as_line(card: Card) -> str:
    """A product shown beside the reply, so that its words can speak of it."""
    data = card.data
    left = ", ".join(one["name"] for one in data["options"] if one["stock"])
    price = f"{data['price_krw']:,}원"
    stock = "구매 가능" if data["in_stock"] else "품절"
    parts = ("함께 보여 주는 상품: " + card.title, price, stock, left and f"재고 있는 옵션 {left}")
    return " · ".join(part for part in parts if part)


def _let_out(state: State, sentences: Iterator[str]) -> Iterator[Delta]:
    for sentence in sentences:
        if state.first_words_ms is None:
            state.first_words_ms = round((perf_counter() - state.started) * 1000, 1)
        state.said += sentence
        yield Delta(sentence)


class _Ungrounded(Exception):
    """The model said what nothing in the turn supports."""

    def __init__(self, problems: tuple[str, ...], text: str = "") -> None:
        self.problems, self.text = problems, text
        kinds = (_FLAG.get(problem.partition(":")[0]) for problem in problems)
        self.flags = [flag for flag in dict.fromkeys(kinds) if flag is not None]


class _Guard:
    """Holds a growing reply against the evidence at the end of each of its sentences."""

    def __init__(
        self,
        evidence: Evidently,
        draft: str,
        instruction: str,
        vault: Vault,
        new_nouns: Callable[[str], Collection[str]],
    ) -> None:
        self._evidence, self._draft, self._instruction = evidence, draft, instruction
        self._vault, self._new_nouns = vault, new_nouns
        self._passed = ""
        self._open = ""
        self._thinking = True
        self._closing: re.Pattern[str] | None = None  # of the thought that is being dropped
        self._thoughts = 0
        self._sentences = 0

    @property
    def spoke(self) -> bool:
        """Whether anything has been said at all."""
        return self._closing is None and bool((self._passed + self._open).strip())

    def leaves_out(self, *, offer: bool) -> bool:
        """Whether the draft's refusal, or what its offer asks, is missing from what was said."""
        return leaves_out(f"{self._passed}{self._open}", self._draft, offer=offer)

    def feed(self, piece: str) -> Iterator[str]:
        """The sentences that ``piece`` completes. Raises _Ungrounded at one that fails."""
        self._open += piece
        if self._thinking and not self._thought():
            return
        while end := _END.search(self._open):
            sentence, self._open = self._open[: end.end()], self._open[end.end() :]
            yield from self._pass(sentence)
        # Reading on would be paid for with every further piece.
        if len(self._passed) + len(self._open) > MOST_CHARS:
            raise _Ungrounded(("rambles",))

    def rest(self) -> Iterator[str]:
        """What stands behind the last sentence's end. Raises _Ungrounded."""
        rest, self._open = self._open.rstrip(), ""
        yield from self._pass(rest)

    def _thought(self) -> bool:
        """Drop a model's thinking aloud before its reply; False while it may still go on."""
        while self._thinking:
            if self._closing is None and not self._opens():
                return False
            if self._closing is None:
                break
            if (closed := self._closing.search(self._open)) is None:
                # Only an unfinished mark at its end matters to the next piece.
                self._thoughts += max(0, len(self._open) - _LONGEST_TAG)
                self._open = self._open[-_LONGEST_TAG:]
                if self._thoughts > MOST_THOUGHT:
                    raise _Ungrounded(("rambles",))
                return False
            self._open, self._closing = self._open[closed.end() :].lstrip(), None
        return True

    def _opens(self) -> bool:
        """See whether the reply opens with a thought; False while that cannot be told yet."""
        start = self._open.lstrip()[:_LONGEST_TAG]
        if not start or (start[0] == "<" and ">" not in start and len(start) < _LONGEST_TAG):
            return False
        tag = _THINKS.match(self._open)
        self._closing = re.compile(f"</{tag[1]}>", re.IGNORECASE) if tag else None
        self._thinking = tag is not None
        return True

    def _pass(self, sentence: str) -> Iterator[str]:
        shown = self._vault.restore(sentence, CONTACTS)
        if not self._passed:
            shown = shown.lstrip()
        if not shown:
            return
        whole = self._passed + shown
        self._sentences += 1  # each is held against the evidence with all before it
        long = len(whole) > MOST_CHARS or self._sentences > MOST_SENTENCES
        if long or (len(shown.strip()) >= SHORTEST and shown in self._passed):
            raise _Ungrounded(("rambles",), shown)
        problems = self._evidence.problems(whole.strip()) if whole.strip() else ()
        problems += added_by_wording(
            whole, self._draft, instruction=self._instruction, basis=self._evidence.basis
        )
        if self._new_nouns(shown):
            problems += ("subject",)
        if problems:
            raise _Ungrounded(problems, shown)
        self._passed = whole
        yield shown
