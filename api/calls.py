"""Who calls: the dependencies of the routes.

The caller comes from the Bearer token only. A route asks for ``Anyone`` (nobody is a guest
without a key), ``SignedIn``, ``Staff`` or ``Admin``; whose things may be seen is checked again
by the tool that shows them.

What cannot block is ``async``: FastAPI runs everything else in one of Streamlit's 28 threads,
where it would wait behind whoever waits for the store.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool

from agent.types import Caller
from api.requests import address
from errors import Forbidden, NotSignedIn, Unavailable
from services import Identity, Services, logs

__all__ = ["OPTIONAL", "Admin", "Anyone", "Desk", "From", "Known", "SignedIn", "Staff", "bearer"]

LOGIN = "로그인이 필요해요. POST /api/auth/login으로 받은 토큰을 Authorization 헤더에 넣어 주세요."
# Only for the documentation page; the header is read by ``bearer``.
_SCHEME = HTTPBearer(auto_error=False, description="POST /api/auth/login의 access_token")
# openapi_extra= of a route for ``Anyone``: documented as working without a token, too.
OPTIONAL: dict[str, Any] = {"security": [{}]}


async def desk(request: Request) -> Services:
    """The shop. Raises Unavailable until the first start's work is done."""
    found: Services = request.app.state.desk_of()
    if not found.ready:
        raise Unavailable(
            "상담 창구를 준비하고 있어요. 잠시 뒤 다시 시도해 주세요.", code="starting"
        )
    return found


Desk = Annotated[Services, Depends(desk)]


def bearer(request: Request) -> str | None:
    """The token of the Authorization header, or None without one. Raises NotSignedIn."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn("Authorization 헤더는 'Bearer 토큰' 형식으로 보내 주세요.",
                          code="token_invalid")  # fmt: skip
    return token.strip()


async def identity(
    request: Request, desk: Desk, _documented: Annotated[object, Depends(_SCHEME)] = None
) -> Identity | None:
    """Whom the token stands for; None without one. Raises NotSignedIn for a bad one."""
    token = bearer(request)
    if token is None:
        return None
    found = await run_in_threadpool(desk.accounts.identify, token)
    logs.user_id.set(found.caller.user_id or "")
    return found


Known = Annotated[Identity | None, Depends(identity)]


async def anyone(found: Known) -> Caller:
    """The caller, or a guest who has no key yet."""
    return Caller() if found is None else found.caller


Anyone = Annotated[Caller, Depends(anyone)]


async def signed_in(caller: Anyone) -> Caller:
    """An account. Raises NotSignedIn."""
    if caller.user_id is None:
        raise NotSignedIn(LOGIN)
    return caller


SignedIn = Annotated[Caller, Depends(signed_in)]


async def staff(caller: SignedIn) -> Caller:
    """Staff or admin. Raises Forbidden."""
    if not caller.is_staff:
        raise Forbidden("담당자만 할 수 있는 일이에요.")
    return caller


Staff = Annotated[Caller, Depends(staff)]


async def admin(caller: SignedIn) -> Caller:
    """An administrator. Raises Forbidden."""
    if caller.role != "admin":
        raise Forbidden("관리자만 할 수 있는 일이에요.")
    return caller


Admin = Annotated[Caller, Depends(admin)]


async def came_from(request: Request, desk: Desk) -> str:
    """The address the request came from."""
    return address(request, desk.settings.trusted_proxies)


From = Annotated[str, Depends(came_from)]
