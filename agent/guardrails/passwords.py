"""Passwords typed into a chat: a value right after (or before) the word for one.

"비번 hunter2" is a secret; "비밀번호를 잊었어요", "비밀번호 5회 오류" and "비밀번호는 8자
이상" are questions about one. A value is ASCII, or Hangul that ends in digits, or anything
after a colon that is not itself a word about passwords.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["find_secrets"]

_WORD = r"(?:비밀\s?번호|비번|패스워드|암호|(?<![a-z])(?:password|passwd|passcode|pw|pwd)(?![a-z]))"
_BETWEEN = (
    r"(?:는요|은요|은|는|이|가|를|을|도|만)?\s{0,3}(?:(?:앞|뒤)\s?[두세네2-4]?\s?자리(?:는|가)?\s?)?"
    r"(?:(?:지금|현재|아마|그냥|제가|제|내)\s)?"
)
_LINK = r"(?P<link>\s{0,3}(?:[:=]|->|→|\bis\b|\bwas\b)\s{0,3})?"
_VALUE = r"[\"'“‘(\[<]?(?P<value>[!-~]{1,64}+|[가-힣]{1,10}\d{1,20}+[!-/]*+)"
_AFTER = re.compile(rf"{_WORD}(?!\s?가림)(?P<particle>{_BETWEEN}){_LINK}{_VALUE}", re.IGNORECASE)
_HANGUL_AFTER = re.compile(
    rf"{_WORD}(?:은|는)?\s{{0,3}}[:=]\s{{0,3}}(?P<value>[가-힣]{{2,20}}+)(?=\s*(?:$|[\n,/]))", re.I
)
_BEFORE = re.compile(
    r"(?<![!-~])(?P<value>[!-~]{4,64}+)(?:이|가|은|는)?\s?(?:제|내|저의|나의|저희)\s?"
    rf"{_WORD}(?:예요|이에요|에요|입니다|임|야|이야|인데|거든)"
)
# Counters make a number a number: "비밀번호 5회 오류", "비번 8자 이상".
_COUNTER = re.compile(
    r"\s?(?:자|회|번|개|일|분|시|초|차|년|월|주|명|가지|단계|글자|~|퍼|%|원|인증)"
)
_PLAIN = re.compile(
    r"(?:reset|change\w*|find|forgot\w*|lost|wrong|incorrect|invalid|error|fail\w*|expired?|not|"
    r"no|the|a|an|my|your|for|to|too|in|on|of|and|or|sms|e-?mail|id|pw|otp|pin|login|app|web|pc|"
    r"link|please|help|recovery|update|work\w*|doesn'?t|isn'?t|required|blank|empty|ok|vs|"
    r"ios|android|kakao|naver|google|n|x|o|same|correct|weak|strong|unknown|being|also)[.,!?]*",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"재설정|변경|분실|찾기|초기화|오류|모름|몰라|문의|잊|까먹|확인|안\s?됨|틀|없음|실패|만료|잠|바꾸"
)
_ENDS = re.compile(
    r"\s*(?:$|[\n,.)\]/]|입니다|이에요|예요|에요|임|이야|야|인데|으로|로|이고|고|요)"
)


def _is_secret(value: str, linked: bool, particle: str, rest: str) -> bool:
    if _PLAIN.fullmatch(value) or not re.search(r"[0-9A-Za-z]", value):
        return linked and len(value) == 1 and value.isalpha()  # "password: x"
    if value.isdigit():
        return not _COUNTER.match(rest) and (linked or len(value) >= 4 or "자리" in particle)
    if linked or re.search(r"\d", value):
        return not re.fullmatch(r"\d+[~\-.]\d*", value) and not (
            re.search(r"\d$", value) and re.search(r"[가-힣]", value) and _COUNTER.match(rest)
        )
    # Letters alone: only where the sentence says that they are the value.
    return len(value) >= 4 and _ENDS.match(rest) is not None


def find_secrets(text: str) -> Iterator[tuple[int, int]]:
    """The places of password values in a folded text."""
    for match in _AFTER.finditer(text):
        value = match["value"].rstrip(".,)\"'>]")
        rest = text[match.start("value") + len(value) : match.end("value") + 8]
        if value and _is_secret(value, bool(match["link"]), match["particle"], rest):
            yield match.start("value"), match.start("value") + len(value)
    for match in _HANGUL_AFTER.finditer(text):
        if not _ABOUT.search(match["value"]):
            yield match.span("value")
    for match in _BEFORE.finditer(text):
        if re.search(r"\d", match["value"]):
            yield match.span("value")
