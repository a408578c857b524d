"""Accounts over HTTP: register, log in, refresh, me, log out, change the password."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response

from api.calls import Desk, From, Known, SignedIn, signed_in
from api.problems import problems
from api.schemas.auth import (
    Account,
    Credentials,
    PasswordChange,
    RefreshRequest,
    Registration,
    TokenPair,
)
from errors import NotSignedIn
from services import Services, Tokens

__all__ = ["router"]

router = APIRouter(prefix="/api/auth", tags=["로그인"])


@router.post(
    "/register", operation_id="register", summary="가입하기", status_code=201,
    responses=problems(400, 409),
)  # fmt: skip
def register(body: Registration, desk: Desk, address: From) -> Account:
    """고객 계정을 만들어요. 비밀번호는 10자 이상이어야 해요."""
    desk.limits.registration(address)
    return _account(desk, desk.accounts.register(body.email, body.password, body.name).user_id)


@router.post("/login", operation_id="login", summary="로그인하기")
def login(body: Credentials, desk: Desk, address: From) -> TokenPair:
    """토큰 한 쌍을 받아요. 여러 번 실패하면 잠시 잠겨요(429, Retry-After)."""
    return _pair(desk.accounts.log_in(body.email, body.password, address=address))


@router.post("/refresh", operation_id="refresh", summary="토큰 새로 받기")
def refresh(body: RefreshRequest, desk: Desk) -> TokenPair:
    """새 토큰 한 쌍을 받아요.

    refresh_token은 한 번만 쓸 수 있고, 이미 쓴 것을 다시 보내면 그 로그인이 끝나요.
    """
    return _pair(desk.accounts.refresh(body.refresh_token))


@router.get("/me", operation_id="me", summary="내 계정 보기")
def me(caller: SignedIn, desk: Desk) -> Account:
    """토큰의 주인이에요."""
    assert caller.user_id is not None
    return _account(desk, caller.user_id)


@router.post("/logout", operation_id="logout", summary="로그아웃하기", status_code=204,
             dependencies=[Depends(signed_in)])  # fmt: skip
def logout(found: Known, desk: Desk) -> Response:
    """access_token과 refresh_token이 바로 끝나요."""
    if found is None:
        raise NotSignedIn("로그인이 필요해요.")
    desk.accounts.log_out(found)
    return Response(status_code=204)


@router.post("/password", operation_id="change_password", summary="비밀번호 바꾸기",
             status_code=204, responses=problems(400, 403))  # fmt: skip
def change_password(body: PasswordChange, caller: SignedIn, found: Known, desk: Desk) -> Response:
    """이 토큰의 로그인만 남고 계정의 다른 로그인은 모두 끝나요."""
    keep = "" if found is None else found.session
    desk.accounts.change_password(caller, body.current_password, body.new_password, keep=keep)
    return Response(status_code=204)


def _account(desk: Services, user_id: str) -> Account:
    user = desk.accounts.user(user_id)
    return Account(user_id=user.user_id, email=user.email, name=user.name,
                   role=user.role)  # type: ignore[arg-type]  # fmt: skip


def _pair(tokens: Tokens) -> TokenPair:
    return TokenPair(
        access_token=tokens.access_token, refresh_token=tokens.refresh_token,
        expires_in=tokens.expires_in,
    )  # fmt: skip
