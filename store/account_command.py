"""``account`` and ``password``: a new account of any role, another password for one.

Registering over the web makes customers only, so the first administrator is made here, and
imported customers get their password here. Whoever may run this may open the database anyway,
so no old password is asked for; the new one is never an argument, which every process could
read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from getpass import getpass
from typing import Any

from errors import AlreadyExists, BadInput, NotFound
from store import accounts, audit
from store.database import Database

__all__ = ["COMMANDS", "add_parsers", "run"]

COMMANDS = ("account", "password")
ROLES = ("customer", "staff", "admin")


def add_parsers(parsers: Any) -> None:
    """Add the commands to ``argparse``'s subparsers."""
    add: Callable[..., argparse.ArgumentParser] = parsers.add_parser
    new = add("account", help="계정을 만듭니다 (첫 관리자도 이렇게 만듭니다)")
    new.add_argument("email", metavar="EMAIL", help="새 계정의 이메일")
    new.add_argument("--name", required=True, help="이름")
    new.add_argument("--role", choices=ROLES, default="staff", help="역할 (기본: staff)")
    parser = add("password", help="계정의 비밀번호를 새로 정하고 모든 로그인을 끝냅니다")
    parser.add_argument("email", metavar="EMAIL", help="계정의 이메일")


def run(options: argparse.Namespace, database: Database) -> None:
    """Run the command of ``options``.

    Raises NotFound, AlreadyExists, BadInput, WeakPassword.
    """
    if options.command == "account":
        _create(options, database)
    else:
        _change(options, database)


def _create(options: argparse.Namespace, database: Database) -> None:
    database.prepare()  # a shop without the demonstration begins with this command
    with database.read() as tx:
        if accounts.by_email(tx, options.email) is not None:
            raise AlreadyExists(f"{options.email} 계정이 이미 있습니다.", code="email_taken")
    password = _asked()
    email, name = accounts.validate(options.email, password, options.name)
    hashed, now = accounts.hash_password(password), datetime.now(UTC)
    with database.write() as tx:
        user = accounts.create(
            tx, email=email, name=name, role=options.role, password_hash=hashed, at=now
        )
        audit.write(
            tx, at=now, actor_id=None, actor_role="system", source="terminal", turn_id=None,
            action="create", object_type="account", object_id=user.user_id, before={},
            after={"role": user.role},
        )  # fmt: skip
    print(f"{user.email} 계정을 만들었습니다: {user.user_id} ({user.role})")


def _change(options: argparse.Namespace, database: Database) -> None:
    with database.read() as tx:
        user = accounts.by_email(tx, options.email)
    if user is None:
        raise NotFound(f"{options.email} 계정이 없습니다. 이메일을 확인해 주세요.")
    password = _asked()
    accounts.validate_password(user.email, password)
    hashed = accounts.hash_password(password)
    with database.write() as tx:
        accounts.set_password(tx, user, hashed)
        ended = accounts.close_sessions(tx, user.user_id, at=datetime.now(UTC))
    print(f"{user.email} 계정의 비밀번호를 바꾸고 열려 있던 로그인 {ended}개를 끝냈습니다.")


def _asked() -> str:
    """Typed twice at a terminal; one line of standard input otherwise."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    try:
        first, second = getpass("새 비밀번호: "), getpass("한 번 더: ")
    except EOFError:
        raise BadInput("비밀번호를 입력하지 않았습니다.") from None
    if first != second:
        raise BadInput("두 비밀번호가 서로 다릅니다. 다시 실행해 주세요.")
    return first
