"""Every error the program raises on purpose, in one tree.

    SangdamError                     anything below; carries a Korean message for the person
    ├── BadInput                400  what was sent cannot be used
    │   └── WeakPassword        400
    ├── NotSignedIn             401  the caller is nobody
    │   └── BadCredentials      401
    ├── Forbidden               403  the caller's role may not do this
    ├── NotFound                404  no such thing, or somebody else's (never told apart)
    ├── Conflict                409  the state does not allow it
    │   ├── NotAllowedNow       409  a rule forbids it; carries the allowed actions
    │   ├── StateChanged        409  it changed since it was shown
    │   ├── Expired             409  the confirmation ran out
    │   └── AlreadyExists       409
    ├── TooMany                 429  limits and lock-outs; carries retry_after_s
    ├── Unavailable             503  something the program needs is not there
    │   ├── MissingExtra        503  an optional engine is not installed
    │   └── LLMError            503  a language model failed; carries its kind
    └── BadSetting              500  a setting's value cannot be used

``str(error)`` is Korean and safe to show to a customer; ``code`` is a stable
snake_case word for programs; ``http_status`` is what the API answers with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

__all__ = [
    "AlreadyExists",
    "BadCredentials",
    "BadInput",
    "BadSetting",
    "Conflict",
    "Expired",
    "Forbidden",
    "LLMError",
    "MissingExtra",
    "NotAllowedNow",
    "NotFound",
    "NotSignedIn",
    "SangdamError",
    "StateChanged",
    "TooMany",
    "Unavailable",
    "WeakPassword",
]


class SangdamError(Exception):
    """Base of the tree. ``message`` is Korean; ``code`` overrides the class's own."""

    http_status = 500
    code = "internal_error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class BadInput(SangdamError):
    """What was sent cannot be used; the message says what would be accepted."""

    http_status = 400
    code = "bad_input"


class WeakPassword(BadInput):
    """The password does not meet the rule the message states."""

    code = "weak_password"


class NotSignedIn(SangdamError):
    """The action needs an account."""

    http_status = 401
    code = "not_signed_in"


class BadCredentials(NotSignedIn):
    """E-mail or password is wrong; never says which."""

    code = "bad_credentials"


class Forbidden(SangdamError):
    """The caller's role may not do this."""

    http_status = 403
    code = "forbidden"


class NotFound(SangdamError):
    """No such thing for this caller: missing and somebody else's answer alike."""

    http_status = 404
    code = "not_found"


class Conflict(SangdamError):
    """The state of the thing does not allow the change."""

    http_status = 409
    code = "conflict"


class NotAllowedNow(Conflict):
    """A shop rule forbids it now. ``allowed`` names the actions that are possible."""

    code = "not_allowed"

    def __init__(
        self, message: str, *, allowed: tuple[str, ...] = (), code: str | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.allowed = allowed


class StateChanged(Conflict):
    """The thing changed after it was shown; show it again and ask again.

    ``changes`` tells what changed meanwhile where it is known: field → (was, now).
    """

    code = "state_changed"

    def __init__(
        self,
        message: str,
        *,
        changes: Mapping[str, tuple[Any, Any]] | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.changes: dict[str, tuple[Any, Any]] = dict(changes or {})


class Expired(Conflict):
    """The confirmation's time is over."""

    code = "expired"


class AlreadyExists(Conflict):
    """A unique thing (an e-mail, say) is taken."""

    code = "already_exists"


class TooMany(SangdamError):
    """A limit or a lock-out. ``retry_after_s`` says when to come back (seconds)."""

    http_status = 429
    code = "too_many_requests"

    def __init__(self, message: str, *, retry_after_s: int, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after_s = retry_after_s


class Unavailable(SangdamError):
    """Something the program needs is not there now."""

    http_status = 503
    code = "unavailable"


class MissingExtra(Unavailable):
    """An optional engine is not installed; the message says which command installs it."""

    code = "missing_extra"


LLMKind = Literal[
    "unreachable", "timeout", "auth", "not_found", "rate_limited", "overloaded", "bad_request",
    "context_too_long", "malformed", "truncated",
]  # fmt: skip
LLM_KINDS: tuple[LLMKind, ...] = get_args(LLMKind)
_NOT_NOW = "언어 모델이 지금 답하지 못해요. 잠시 뒤 다시 시도해 주세요."
_CHECK = "언어 모델이 요청을 받지 않았어요. 진단 화면에서 주소와 키, 모델 이름을 확인해 주세요."


class LLMError(Unavailable):
    """A model's failure. ``retry_after_s`` is what its server asked to wait (seconds, or None).

    ``emitted``: words had gone out before it. ``detail`` is the server's own short words, with
    nothing secret in them, for the diagnostics and the log; never for a customer. The code is
    "model_" and the kind.
    """

    code = "model_failed"

    def __init__(
        self,
        kind: LLMKind,
        *,
        retry_after_s: float | None = None,
        emitted: bool = False,
        provider: str = "",
        detail: str = "",
    ) -> None:
        ours = kind in ("auth", "not_found", "bad_request")
        super().__init__(_CHECK if ours else _NOT_NOW, code=f"model_{kind}")
        self.kind = kind
        self.retry_after_s = retry_after_s
        self.emitted = emitted
        self.provider = provider
        self.detail = detail


class BadSetting(SangdamError):
    """A setting's value cannot be used; the message names the setting and its origin."""

    code = "bad_setting"
