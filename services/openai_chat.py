"""What stands behind ``/v1``: who asks, which conversation goes on, the model alone.

OpenAI's clients name no conversation; they send the whole history each time. So a
conversation is found by what was said in it: the SHA-256 of the caller's identity and of every
user and assistant text before the newest one (``store.transcripts``). A history that is known
goes on where it stood; one that went on already (another reply asked for, an edit, a second
window) gets a conversation of its own that remembers the same and has nothing to confirm.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from agent import conversations as chats
from agent.guardrails import mask_pii
from agent.llm import ChatMessage, Final, Piece, Tag, TextDelta
from agent.llm.routing import plan
from agent.llm.usage import text_tokens
from agent.types import Caller, Message, TokenUsage
from errors import BadInput, Forbidden, LLMError, NotFound, NotSignedIn, SangdamError, Unavailable
from services.accounts import caller_of
from services.hidden_calls import HiddenCalls
from services.keys import PREFIX
from services.live_turn import LiveTurn
from services.openai_pictures import bytes_of, check_all, drawn_anew, few_enough
from store import accounts, transcripts
from store import conversations as stored
from store.models import User
from store.transcripts import Transcript
from vision import Limits

if TYPE_CHECKING:
    from services.desk import Services

__all__ = [
    "MODELS",
    "ORCHESTRATOR",
    "Asker",
    "Begun",
    "Finished",
    "OpenAIChat",
    "Said",
    "model_of",
    "require",
    "usage_of",
]

ORCHESTRATOR, PASSTHROUGH = "orchestrator", "passthrough"
MODELS = {ORCHESTRATOR: "상담", PASSTHROUGH: "언어 모델"}
_NAMES = {"": ORCHESTRATOR, "sangdam": ORCHESTRATOR, **{name: name for name in MODELS}}
_SCOPE = {ORCHESTRATOR: "chat", PASSTHROUGH: "passthrough"}
ACT = "act_for_customers"
MOST_PROMPT_CHARS = 200_000
KEEP = timedelta(days=30)
NEEDS_KEY = (
    "API 키가 필요해요. 관리자에게 받은 키를 Authorization 헤더에 'Bearer 키' 형식으로 넣어 주세요."
)
NO_RIGHT = "이 키에는 {scope} 권한이 없어요. 관리자에게 권한이 있는 키를 요청해 주세요."
NO_MODEL = (
    "연결된 언어 모델이 없어요. 관리자가 진단 화면에서 확인하고, 모델 이름(예: "
    "SANGDAM_LLM_OLLAMA_MODEL)을 설정한 뒤 서버를 다시 시작하면 쓸 수 있어요."
)
BLIND = "capability:pictures"
NO_EYES = "연결된 언어 모델은 사진을 볼 수 없어요. 사진을 빼고 보내 주세요."
TOO_LONG = "모델이 읽을 수 있는 길이보다 길어요. 메시지를 줄이거나 나누어 보내 주세요."
_WITH_CONTEXT = "### Task:\nRespond to the user query using the provided context"
_NOT_CARRIED = ("offered", "last_action")  # a copy of a conversation has nothing to confirm


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a request: its text parts joined, its pictures as data URLs."""

    role: str
    text: str
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asker:
    """Who calls /v1, as whom, and for which of the models."""

    caller: Caller
    key_id: str | None
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a history goes on: nowhere yet, in ``taken``'s conversation, or in a new copy."""

    session_id: str | None = None
    taken: Transcript | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a model's reply; ``usage`` is None where its server did not tell it."""

    reason: str
    usage: TokenUsage | None


@dataclass(frozen=True, slots=True)
class Begun:
    """A turn under way, and the messages it answers."""

    live: LiveTurn
    caller: Caller
    said: tuple[Said, ...]


class OpenAIChat:
    """The desk as OpenAI's clients see it. Holds no state: cheap to make for a request."""

    def __init__(self, desk: Services) -> None:
        self.desk = desk

    # ── who asks ─────────────────────────────────────────────────────────────────────────

    def asker(self, token: str, named: str = "") -> Asker:
        """Who a Bearer token (or "") stands for; ``named`` is the customer it asks for.

        A key may name a customer with the right to; whoever else it names is a guest of its
        own. Without a key or an account's token everybody is a guest where the settings
        allow that. Raises NotSignedIn for a bad key, a bad token, or none where one is due.
        """
        named = named.strip()
        if token.startswith(PREFIX):
            key = self.desk.keys.check(token)
            user = self._customer(named) if ACT in key.scopes else None
            return Asker(_as(user, key.key_id, named), key.key_id, frozenset(key.scopes))
        if token.count(".") == 2:
            return self._by_token(token)
        if not self.open:
            raise NotSignedIn(NEEDS_KEY, code="invalid_api_key" if token else "not_signed_in")
        return Asker(_as(None, "open", named), None, frozenset(_SCOPE.values()))

    @property
    def open(self) -> bool:
        """Whether anybody may ask without a key (setting v1_key_required)."""
        required = str(self.desk.settings.v1_key_required).lower()
        return required == "no" or (required == "auto" and self.desk.settings.on_loopback)

    def _by_token(self, token: str) -> Asker:
        caller = self.desk.accounts.identify(token).caller
        if caller.user_id is None and not self.open:  # anybody gets a guest's token
            raise NotSignedIn(NEEDS_KEY)
        every = self.open or caller.is_staff
        return Asker(caller, None, frozenset(_SCOPE.values() if every else {"chat"}))

    def _customer(self, named: str) -> User | None:
        """The customer of an e-mail or an id; nobody for staff: a key never acts as staff."""
        if not named:
            return None
        with self.desk.database.read() as tx:
            user = accounts.by_email(tx, named) if "@" in named else accounts.get(tx, named)
        if user is None or user.role != "customer":
            return None
        return user if self.desk.accounts.demo_open or not user.is_demo else None

    # ── the desk ─────────────────────────────────────────────────────────────────────────

    def hidden(self, asker: Asker, said: Sequence[Said], *, address: str = "") -> str | None:
        """The answer to a client's hidden call; None for a message. Raises TooMany."""
        limit, where = self.desk.limits.hidden_call, "" if asker.key_id else address
        calls = HiddenCalls(self.desk.understander, self.desk.clock)
        return calls.answer(said, allow=lambda: limit(asker.caller, where))

    def begin(self, asker: Asker, said: Sequence[Said], *, address: str = "") -> Begun:
        """Start the turn that answers the last user message of ``said``.

        A service with a key speaks for many people from one address, so only its people are
        counted. Raises BadInput (no user message, a picture that cannot be used), TooMany,
        Unavailable; a conversation made or taken for a turn that did not start is given back.
        """
        said = [_without_context(one) for one in said]
        at = max((n for n, one in enumerate(said) if one.role == "user"), default=-1)
        if at < 0:
            raise BadInput("messages에 role이 user인 메시지를 하나 이상 보내 주세요.",
                           code="no_user_message")  # fmt: skip
        history, last = said[:at], said[at]
        self.desk.turns.check(last.text, more=bool(last.pictures))
        address = "" if asker.key_id else address
        if last.pictures:  # they take seconds to read
            self.desk.limits.turn_allowed(asker.caller, address)
        pictures = [bytes_of(url) for url in few_enough(last.pictures)]
        place = self._place(asker.caller, history)
        session_id, image_ids = place.session_id, list[str]()
        try:
            for picture in pictures:
                session_id, image_id = self.desk.save_photo(
                    asker.caller, picture, session_id=session_id
                )
                image_ids.append(image_id)
            live = self.desk.turns.start(
                asker.caller, last.text, session_id=session_id, image_ids=tuple(image_ids),
                source="api", key_id=asker.key_id, address=address,
            )  # fmt: skip
        except SangdamError:
            self._give_back(asker.caller, place, session_id)
            raise
        return Begun(live, asker.caller, (*history, last))

    def keep(self, begun: Begun, message: Message, sent: str) -> None:
        """Remember where the transcript with the reply as it was ``sent`` now stands."""
        now = self.desk.clock()
        told = _digest(begun.caller, (*begun.said, Said("assistant", sent)))
        with self.desk.database.write(durable=False) as tx:
            conversation = stored.get(tx, message.session_id)
            if conversation is not None:  # deleted meanwhile
                transcripts.keep(
                    tx,
                    Transcript(told, message.session_id, message.message_id,
                               conversation.context, now),
                )  # fmt: skip

    def forget_old(self) -> int:
        """Delete what is known of transcripts older than 30 days; returns how many."""
        with self.desk.database.write(durable=False) as tx:
            return transcripts.forget(tx, self.desk.clock() - KEEP)

    def _place(self, caller: Caller, history: Sequence[Said]) -> Place:
        digest = _digest(caller, history)
        with self.desk.database.read() as tx:
            if transcripts.find(tx, digest) is None:
                return Place()
        with self.desk.database.write(durable=False) as tx:
            found = transcripts.find(tx, digest)
            if found is None:
                return Place()
            if transcripts.take(tx, found):
                return Place(found.conversation_id, found)
            copy = chats.open_or_create(tx, caller, None, now=self.desk.clock())
            memory = {name: value for name, value in found.context.items()
                      if name not in _NOT_CARRIED}  # fmt: skip
            stored.remember(tx, copy.conversation_id, context=memory, title="", at=found.at)
            return Place(copy.conversation_id)

    def _give_back(self, caller: Caller, place: Place, session_id: str | None) -> None:
        if place.taken is not None:
            with self.desk.database.write(durable=False) as tx:
                transcripts.keep(tx, place.taken)
        elif session_id is not None:
            self.desk.delete_conversation(caller, session_id)

    # ── the model alone ──────────────────────────────────────────────────────────────────

    def complete(
        self, asker: Asker, said: Sequence[Said], *, address: str = "", **wishes: Any
    ) -> Iterator[str | Finished]:
        """The configured model's own reply; no tool, no policy, nothing stored.

        What leaves is masked as everywhere, and photos are drawn anew. ``wishes`` are
        ``Gateway.complete``'s. Raises Unavailable (no model is configured, or it fails, also
        midway), TooMany, BadInput (also at the first word: more than the model can read).
        """
        gateway = self.desk.llm.gateway
        needs = {"pictures"} if any(one.pictures for one in said) else frozenset()
        route = gateway.route(purpose="passthrough", needs=needs)
        chain = plan(gateway.config, route)
        if not chain:
            raise Unavailable(NO_MODEL, code="model_not_configured")
        if not route.models and all(one.reason == BLIND for one in route.skipped if one in chain):
            raise BadInput(NO_EYES, code="pictures_unsupported")
        if sum(len(one.text) for one in said) > MOST_PROMPT_CHARS:
            raise BadInput(f"messages는 모두 {MOST_PROMPT_CHARS:,}자까지 보낼 수 있어요.")
        check_all(sum(len(one.pictures) for one in said))
        address = "" if asker.key_id else address
        if needs:  # they take seconds to read
            self.desk.limits.turn_allowed(asker.caller, address)
        # A client's own tool calls have no text, and servers refuse a message without any.
        messages = [
            _for_model(one, self.desk.photo_limits) for one in said
            if one.role in _MODEL_ROLES and (one.text.strip() or one.pictures)
        ]  # fmt: skip
        if not any(one.role == "user" for one in messages):
            raise BadInput("messages에 role이 user인 메시지를 하나 이상 보내 주세요.",
                           code="no_user_message")  # fmt: skip
        self.desk.limits.turn(asker.caller, address)
        pieces = gateway.complete(
            route, messages, tag=Tag("passthrough"),
            deadline_s=float(self.desk.settings.turn_timeout_s), **wishes,
        )  # fmt: skip
        return _told(pieces)


def _told(pieces: Generator[Piece, None, None]) -> Generator[str | Finished, None, None]:
    try:
        with closing(pieces):
            for piece in pieces:
                if isinstance(piece, TextDelta):
                    yield piece.text
                elif isinstance(piece, Final):
                    sent, got = piece.usage.input_tokens, piece.usage.output_tokens
                    counted = TokenUsage(sent, got, sent + got)
                    # No tools are offered, so that no call of one ends it.
                    yield Finished(piece.finish, None if piece.usage.estimated else counted)
    except LLMError as error:
        if error.kind != "context_too_long":
            raise
        raise BadInput(TOO_LONG, code="context_length_exceeded") from None


_Role = Literal["system", "user", "assistant"]
_MODEL_ROLES: dict[str, _Role] = {
    "system": "system", "developer": "system", "user": "user", "assistant": "assistant",
}  # fmt: skip


def model_of(name: str | None) -> str:
    """The model a request means. Raises NotFound (code model_not_found)."""
    found = _NAMES.get(name or "")
    if found is None:
        raise NotFound(
            f"{(name or '')[:100]!r} 모델은 없어요. {' 또는 '.join(MODELS)}를 골라 주세요.",
            code="model_not_found",
        )
    return found


def require(asker: Asker, model: str) -> None:
    """Raises Forbidden (insufficient_scope) where the asker may not use the model."""
    if _SCOPE[model] not in asker.scopes:
        raise Forbidden(NO_RIGHT.format(scope=_SCOPE[model]), code="insufficient_scope")


def usage_of(said: Sequence[Said], reply: str, counted: TokenUsage | None) -> TokenUsage:
    """The tokens a model counted, or else an estimate: a token for 3 bytes of UTF-8.

    That is one for a Hangul syllable and one for three Latin letters, never less than 1.
    """
    if counted is not None and counted.total_tokens > 0:
        return counted
    prompt = max(1, text_tokens("".join(one.text for one in said)))
    answer = max(1, text_tokens(reply))
    return TokenUsage(prompt, answer, prompt + answer)


def _as(user: User | None, key_id: str, named: str) -> Caller:
    """A customer, or a guest who is nobody else's: of this key and of this name."""
    if user is not None:
        return caller_of(user)
    name = hashlib.sha256(named.encode()).hexdigest()  # short, whatever a client calls somebody
    return Caller(guest_key=f"v1:{key_id}:{name}")


def _digest(caller: Caller, said: Sequence[Said]) -> str:
    """What a transcript is known by; white space and empty messages do not count."""
    texts = [(one.role, " ".join(one.text.split())) for one in said
             if one.role in ("user", "assistant")]  # fmt: skip
    who = ["user", caller.user_id] if caller.user_id else ["guest", caller.guest_key]
    whole = json.dumps([who, [pair for pair in texts if pair[1]]])
    return hashlib.sha256(whole.encode()).hexdigest()


def _without_context(one: Said) -> Said:
    """The customer's own words where Open WebUI wrapped them in found documents.

    The desk has its own sources, and the next request's history has the words without them.
    """
    if one.role != "user" or not one.text.startswith(_WITH_CONTEXT):
        return one
    words = one.text.rpartition("</context>")[2].strip()
    words = words.removeprefix("<user_query>").removesuffix("</user_query>").strip()
    return replace(one, text=words or one.text)


def _for_model(one: Said, limits: Limits) -> ChatMessage:
    """What a model is sent: words masked, photos drawn anew without where they were taken."""
    text = mask_pii(one.text, for_cloud=True).text
    return ChatMessage(_MODEL_ROLES[one.role], text, drawn_anew(one.pictures, limits))
