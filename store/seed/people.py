"""The accounts: four fixed ones and 28 customers."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from store.database import Row
from store.models import User, to_text
from store.seed.catalogue import CUSTOMERS, Address
from store.seed.shop import Shop

__all__ = ["DEMO_PASSWORD", "customers", "rows"]

DEMO_PASSWORD = "sangdam-demo-2026"
# ``accounts.hash_password(DEMO_PASSWORD)``, made once: the password is public, a fixed hash
# keeps two seeds byte for byte equal, and bcrypt's 0.3 s are saved. A test compares the two.
_DEMO_HASH = "$2b$12$iyvvAQL1gGoV3I8rNZ4v5exVjgttk2L3qR3BOlT4VdMR8ttyfybwe"
_BCRYPT_ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

_FIXED = (
    ("user_001", "minji@example.com", "김민지", "customer"),
    ("user_002", "jihun@example.com", "박지훈", "customer"),
    ("staff_001", "staff@example.com", "이상담", "staff"),
    ("admin_001", "admin@example.com", "한관리", "admin"),
)
# How families write themselves; the rule below would say "bak" and "i".
_FAMILIES = {
    "남궁": "namgung", "황보": "hwangbo", "이": "lee", "박": "park", "김": "kim", "최": "choi",
    "정": "jung", "강": "kang", "조": "cho", "윤": "yoon", "임": "lim", "오": "oh", "신": "shin",
    "권": "kwon", "안": "ahn", "류": "ryu", "문": "moon", "노": "noh", "구": "koo", "고": "ko",
}  # fmt: skip
# In Unicode's order; "-" is a letter without a sound.
_INITIALS, _VOWELS, _FINALS = (
    [sound.strip("-") for sound in sounds.split()]
    for sounds in (
        "g kk n d tt r m b pp s ss - j jj ch k t p h",
        "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i",
        "- k k k n n n t l k m l l l p l m p p t t ng t t k t p t",
    )
)


def customers(shop: Shop) -> list[User]:
    """The 30 customers, user_001 first."""
    return [User.of(row) for row in rows(shop) if row["role"] == "customer"]


def rows(shop: Shop) -> list[Row]:
    """Rows of ``users``: the fixed accounts, then the 28 customers nobody can sign in as."""
    random = shop.random("people")
    unusable = _unusable_hash(random)
    names = shop.catalogue.names[:CUSTOMERS]
    taken: set[str] = set()
    found = [
        _row(shop, random, place, user_id, email, name, role, _DEMO_HASH)
        for place, (user_id, email, name, role) in enumerate(_FIXED)
    ]
    for place, name in enumerate(names, start=2):
        email = _email(name, taken)
        user_id = f"user_{place + 1:03d}"
        found.append(_row(shop, random, place, user_id, email, name, "customer", unusable))
    return found


def _row(
    shop: Shop, random: Random, place: int, user_id: str, email: str, name: str, role: str,
    password_hash: str,
) -> Row:  # fmt: skip
    addresses = shop.catalogue.addresses
    desk = role in ("staff", "admin")
    home = Address("", "", "") if desk else addresses[place % len(addresses)]
    # 010-0000 is assigned to nobody, so no demonstration can ring a stranger.
    phone = "" if desk else f"010-0000-{random.randrange(1000, 10000)}"
    joined = shop.at(random.randrange(150, 500), random.randrange(8, 23), random.randrange(60))
    return {
        "user_id": user_id, "email": email, "name": name, "role": role,
        "password_hash": password_hash, "phone": phone, "zip": home.zip, "road": home.road,
        "detail": home.detail, "is_demo": int(password_hash == _DEMO_HASH), "failed_logins": 0,
        "locked_until": None, "created_at": to_text(joined - timedelta(days=1)),
    }  # fmt: skip


def _unusable_hash(random: Random) -> str:
    """A well-formed bcrypt string that no known password has (53 characters at random)."""
    # The last character of bcrypt's salt carries two bits only.
    salt = "".join(random.choices(_BCRYPT_ALPHABET, k=21)) + random.choice(".Oeu")
    return f"$2b$12${salt}" + "".join(random.choices(_BCRYPT_ALPHABET, k=30)) + "."


def _email(name: str, taken: set[str]) -> str:
    family = next((f for f in _FAMILIES if name.startswith(f)), name[:1])
    word = _FAMILIES.get(family) or _romanise(family)
    local = f"{_romanise(name[len(family) :])}.{word}"
    same = sum(1 for other in taken if other.startswith(local))
    address = f"{local}{same + 1 if same else ''}@example.com"
    taken.add(address)
    return address


def _romanise(hangul: str) -> str:
    """Revised Romanization, syllable by syllable; other characters are left out."""
    parts = []
    for sign in hangul:
        code = ord(sign) - 0xAC00
        if 0 <= code < 11172:
            parts.append(_INITIALS[code // 588] + _VOWELS[code % 588 // 28] + _FINALS[code % 28])
    return "".join(parts)
