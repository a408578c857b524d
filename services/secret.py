"""The shop's one secret: random, made at the first start, readable by its owner only.

The console's cookie is signed with it; everything else gets a key of its own, derived for
one purpose, so that nothing signed for one door opens another.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from errors import Unavailable

__all__ = ["KEY_FILE", "derived_key", "secret_key"]

KEY_FILE = "secret.key"


def secret_key(folder: Path) -> str:
    """The shop's random signing key, made on first use. Raises Unavailable when unreadable."""
    path = folder / KEY_FILE
    try:
        if not path.exists():
            _make_key(path)
        key = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"로그인 열쇠({path})를 읽을 수 없어요. 권한을 확인해 주세요.") from error
    if len(key) < 64:
        raise Unavailable(f"로그인 열쇠({path})가 망가졌어요. 지우고 다시 시작해 주세요.")
    return key


def derived_key(folder: Path, purpose: str) -> bytes:
    """A key (32 bytes) for one purpose, which tells nothing about the secret or other keys.

    Raises Unavailable like :func:`secret_key`.
    """
    return hmac.digest(secret_key(folder).encode(), f"sangdam:{purpose}".encode(), "sha256")


def _make_key(path: Path) -> None:
    """Written aside, then linked: another process sees the whole key or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{KEY_FILE}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32))
    try:
        os.link(aside, path)
    except FileExistsError:
        pass  # somebody was faster; theirs is the key
    finally:
        aside.unlink()
