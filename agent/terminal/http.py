"""One server over HTTP: requests with time limits, every failure as an error of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx2

from errors import BadInput, NotFound, NotSignedIn, SangdamError, TooMany, Unavailable

__all__ = ["Http", "Lost", "checked_url"]

CONNECT_S, ANSWER_S = 5.0, 15.0
SILENCE_S = 90.0  # of a stream; a server of ours sends a heartbeat every 15 s
MOST_BYTES = 1024 * 1024


class Lost(Unavailable):
    """The connection broke before the answer was whole."""

    def __init__(self) -> None:
        super().__init__(
            "서버와 연결이 끊겼어요. 답변은 대화에 남아 있을 수 있으니 잠시 뒤 이어 가 주세요.",
            code="connection_lost",
        )


def checked_url(text: str) -> str:
    """An address without its last slash. Raises BadInput unless it is http(s)://host[:port]."""
    wrong = BadInput(f"주소 '{text}'을(를) 쓸 수 없어요. http://127.0.0.1:8501 처럼 적어 주세요.")
    try:
        parts = urlsplit(text.strip())
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        httpx2.URL(text.strip())
    except (ValueError, httpx2.InvalidURL) as error:
        raise wrong from error
    if not usable or "@" in parts.netloc or parts.query or parts.fragment:
        raise wrong
    return parts.geturl().rstrip("/")


class Http:
    """A client of the API at ``url``; ``close()`` it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx2.Client(
            trust_env=False,
            follow_redirects=False,
            timeout=httpx2.Timeout(ANSWER_S, connect=CONNECT_S),
            headers={"accept-language": "ko"},
        )

    @property
    def private(self) -> bool:
        """Whether nobody on the way can read along: encrypted, or this machine itself."""
        parts = urlsplit(self.url)
        if parts.scheme == "https" or parts.hostname == "localhost":
            return True
        try:
            return ip_address(parts.hostname or "").is_loopback
        except ValueError:
            return False

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def post(self, path: str, body: dict[str, Any], *, token: str = "") -> dict[str, Any]:
        """The JSON object answered, {} for none (204). Raises the errors of errors.py, Lost."""
        with self._answer(path, body, token, {}, ANSWER_S) as response:
            if response.status_code == 204:
                return {}
            told = _object(response)
        if told is None:
            raise self._not_ours()
        return told

    @contextmanager
    def stream(
        self, path: str, body: dict[str, Any], *, token: str = "", last_id: str = ""
    ) -> Iterator[Iterator[httpx2.ServerSentEvent]]:
        """The server's events as they come, after ``last_id``. Raises as ``post``."""
        headers = {"accept": "text/event-stream"}
        if last_id:
            headers["last-event-id"] = last_id
        with self._answer(path, body, token, headers, SILENCE_S) as response:
            if _kind(response) != "text/event-stream":
                raise self._not_ours()
            yield _events(response)

    @contextmanager
    def _answer(
        self, path: str, body: dict[str, Any], token: str, headers: dict[str, str], read_s: float
    ) -> Iterator[httpx2.Response]:
        """A response that worked; its body is still to be read."""
        if token:
            headers = {**headers, "authorization": f"Bearer {token}"}
        request = self._client.build_request(
            "POST", f"{self.url}{path}", json=body, headers=headers,
            timeout=httpx2.Timeout(ANSWER_S, connect=CONNECT_S, read=read_s),
        )  # fmt: skip
        try:
            response = self._client.send(request, stream=True)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise Unavailable(
                f"{self.url}에 연결할 수 없어요. 서버가 켜져 있는지, 주소가 맞는지 확인해 주세요.",
                code="unreachable",
            ) from error
        except httpx2.HTTPError as error:
            raise Lost from error
        try:
            if not response.is_success:
                raise self._refusal(response)
            yield response
        finally:
            response.close()

    def _refusal(self, response: httpx2.Response) -> SangdamError:
        """What a status of 300 and more means."""
        status, told = response.status_code, _object(response) or {}
        code, detail = told.get("code"), told.get("detail")
        if not isinstance(code, str) or not isinstance(detail, str):
            if status < 500 and status != 429:
                return self._not_ours()
            code, detail = "unavailable", f"서버가 지금 답하지 못해요({status})."
        after = response.headers.get("retry-after", "")
        if after.isdecimal() and "뒤" not in detail:
            detail += f" {after}초 뒤에 다시 시도해 주세요."
        match status:
            case 401:
                return NotSignedIn(detail, code=code)
            case 404:
                return NotFound(detail, code=code)
            case 429:
                wait_s = int(after) if after.isdecimal() else 1
                return TooMany(detail, retry_after_s=wait_s, code=code)
            case _ if status >= 500:
                return Unavailable(detail, code=code)
        return BadInput(detail, code=code)

    def _not_ours(self) -> Unavailable:
        return Unavailable(
            f"{self.url}에서 상담 서버가 아닌 것이 답했어요. 주소와 포트를 확인해 주세요.",
            code="not_our_server",
        )


def _kind(response: httpx2.Response) -> str:
    kind: str = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind


def _object(response: httpx2.Response) -> dict[str, Any] | None:
    """The JSON object of a body that is not too large, or None."""
    if _kind(response) not in ("application/json", "application/problem+json"):
        return None
    body = bytearray()
    try:
        for piece in response.iter_bytes():
            body += piece
            if len(body) > MOST_BYTES:
                return None
        told = json.loads(body)
    except httpx2.HTTPError as error:
        raise Lost from error
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _events(response: httpx2.Response) -> Iterator[httpx2.ServerSentEvent]:
    try:
        yield from httpx2.EventSource(response)
    except httpx2.HTTPError as error:
        raise Lost from error
