"""``python -m api keys create NAME --scope chat``, ``keys list`` and ``keys revoke KEY_ID``.

A composition point: it may import ``services``. Whoever types here operates the machine and
is written into the audit as the program itself, from a terminal. ``create`` prints the secret
alone on stdout, for ``KEY=$(…)``; everything else it says goes to stderr.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
from collections.abc import Sequence

import services
from errors import SangdamError
from services.keys import OPERATOR, SCOPES, ApiKeys

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it worked, 1 with a Korean sentence on stderr when not."""
    options = _parser().parse_args(arguments)
    try:
        desk = services.build()
        desk.database.prepare()
        options.run(options, desk.keys)
        sys.stdout.flush()
    except SangdamError as error:
        print(error.message, file=sys.stderr)
    except BrokenPipeError:  # whoever read the list has gone (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, sqlite3.DatabaseError) as error:
        print(f"데이터베이스를 쓸 수 없습니다: {error}", file=sys.stderr)
    else:
        return 0
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m api", description="상담 HTTP API 도구")
    commands = parser.add_subparsers(required=True, metavar="명령")
    keys = commands.add_parser("keys", help="API 키를 만들고, 보고, 폐기합니다")
    actions = keys.add_subparsers(required=True, metavar="할 일")
    create = actions.add_parser("create", help="키를 만들어 비밀값을 한 번 출력합니다")
    create.add_argument("name", metavar="NAME", help="어디에 쓰는 키인지 알아볼 이름")
    create.add_argument(
        "--scope", action="append", required=True, choices=list(SCOPES), dest="scopes",
        help="권한(여러 번 쓸 수 있습니다): "
        + " / ".join(f"{scope}: {text}" for scope, text in SCOPES.items()),
    )  # fmt: skip
    create.add_argument("--days", type=int, metavar="N", help="사용 기간(일, 기본: 끝이 없음)")
    create.set_defaults(run=_create)
    actions.add_parser("list", help="모든 키를 봅니다").set_defaults(run=_list)
    revoke = actions.add_parser("revoke", help="키를 바로 못 쓰게 합니다")
    revoke.add_argument("key_id", metavar="KEY_ID", help="list에 나오는 번호")
    revoke.set_defaults(run=_revoke)
    return parser


def _create(options: argparse.Namespace, keys: ApiKeys) -> None:
    key, secret = keys.create(OPERATOR, options.name, options.scopes, days=options.days)
    print(f"API 키를 만들었습니다: {key.name} ({key.key_id})", file=sys.stderr)
    print("비밀값은 지금 한 번만 보여 드립니다. 안전한 곳에 옮겨 두세요.", file=sys.stderr)
    print(secret)


def _list(options: argparse.Namespace, keys: ApiKeys) -> None:
    """One key a line: number, state, name, rights, made, ends, last used (UTC)."""
    found = keys.all(OPERATOR)
    if not found:
        print("API 키가 없습니다. python -m api keys create로 만들 수 있습니다.", file=sys.stderr)
    for key in found:
        print(
            key.key_id, keys.status(key), key.name, ",".join(key.scopes), key.created_at,
            key.expires_at or "-", key.last_used_at or "-", sep="\t",
        )  # fmt: skip


def _revoke(options: argparse.Namespace, keys: ApiKeys) -> None:
    key = keys.revoke(OPERATOR, options.key_id)
    print(f"API 키를 폐기했습니다: {key.name} ({key.key_id})")


if __name__ == "__main__":
    sys.exit(main())
