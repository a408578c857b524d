"""Accounts and their tokens, as the routes of /api/auth take and give them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Account", "Credentials", "PasswordChange", "RefreshRequest", "Registration",
           "TokenPair"]  # fmt: skip

Email = Annotated[str, Field(min_length=3, max_length=254, examples=["minji@example.com"])]
Password = Annotated[
    str, Field(min_length=1, max_length=200, examples=["sangdam-demo-2026"], repr=False)
]


class Credentials(BaseModel):
    """An e-mail and its password."""

    model_config = ConfigDict(strict=True)

    email: Email
    password: Password


class Registration(Credentials):
    """A new customer."""

    name: str = Field(min_length=1, max_length=40, examples=["김하늘"])


class RefreshRequest(BaseModel):
    """A refresh token, used once."""

    model_config = ConfigDict(strict=True)

    refresh_token: str = Field(
        min_length=1, max_length=500, repr=False,
        examples=["IVZ-oE10GVV3oEUglcoNG9Dw_6t8BI3CR0bZoS61FTs"],
    )  # fmt: skip


class PasswordChange(BaseModel):
    """The password as it is and as it shall be."""

    model_config = ConfigDict(strict=True)

    current_password: Password
    new_password: Password


class Account(BaseModel):
    """An account."""

    user_id: str = Field(examples=["user_001"])
    email: str = Field(examples=["minji@example.com"])
    name: str = Field(examples=["김민지"])
    role: Literal["customer", "staff", "admin"]


class TokenPair(BaseModel):
    """An access token, and a refresh token for the next one."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int = Field(gt=0, description="access_token이 끝나기까지 초", examples=[900])
