"""Hangul typed while the keyboard was set to English: "cnlth" is 취소.

The two-set layout (KS X 5002). A message is turned back only when it holds no Hangul and
every run of letters becomes whole syllables, which hardly an English word does.
"""

from __future__ import annotations

import re

__all__ = ["from_english_layout"]

_KEYS = dict(
    zip(
        "rRseEfaqQtTdwWczxvgkoiOjpuPhynbml",
        "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎㅏㅐㅑㅒㅓㅔㅕㅖㅗㅛㅜㅠㅡㅣ",
        strict=True,
    )
)
_FIRST = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_MIDDLE = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_LAST = ["", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"]
_GROWN = {
    "ㅗㅏ": "ㅘ", "ㅗㅐ": "ㅙ", "ㅗㅣ": "ㅚ", "ㅜㅓ": "ㅝ", "ㅜㅔ": "ㅞ", "ㅜㅣ": "ㅟ",
    "ㅡㅣ": "ㅢ", "ㄱㅅ": "ㄳ", "ㄴㅈ": "ㄵ", "ㄴㅎ": "ㄶ", "ㄹㄱ": "ㄺ", "ㄹㅁ": "ㄻ",
    "ㄹㅂ": "ㄼ", "ㄹㅅ": "ㄽ", "ㄹㅌ": "ㄾ", "ㄹㅍ": "ㄿ", "ㄹㅎ": "ㅀ", "ㅂㅅ": "ㅄ",
}  # fmt: skip
_SYLLABLE = re.compile(rf"([{_FIRST}])([{_MIDDLE}]{{1,2}})([{_FIRST}]*)(?=[{_FIRST}][{_MIDDLE}]|$)")
_LETTERS = re.compile(r"[A-Za-z]+")
MAX_CHARS = 200
MIN_LETTERS = 5  # wifi and gogo would be syllables as well


def from_english_layout(text: str) -> str:
    """``text`` as it was meant, or as it is when it was not typed on the wrong layout."""
    words = _LETTERS.findall(text)
    if not text.isascii() or len(text) > MAX_CHARS or sum(map(len, words)) < MIN_LETTERS:
        return text
    meant = {word: _syllables(word) for word in words}
    if not all(meant.values()) or max(len(word) for word in meant.values()) < 2:
        return text
    return _LETTERS.sub(lambda match: meant[match[0]], text)


def _syllables(word: str) -> str:
    """The word as whole syllables; "" when some key makes none."""
    if not all(key in _KEYS or key.lower() in _KEYS for key in word):
        return ""
    jamo = "".join(_KEYS.get(key) or _KEYS[key.lower()] for key in word)
    found = list(_SYLLABLE.finditer(jamo))
    ends = [0, *(match.end() for match in found)]
    if ends[-1] != len(jamo) or any(m.start() != end for m, end in zip(found, ends, strict=False)):
        return ""
    return "".join(syllables) if all(syllables := [_compose(m) for m in found]) else ""


def _compose(match: re.Match[str]) -> str:
    first, middle, last = match.groups()
    middle, last = (_GROWN.get(part, part) for part in (middle, last))
    if middle not in _MIDDLE or last not in _LAST:
        return ""
    code = (_FIRST.index(first) * 21 + _MIDDLE.index(middle)) * 28 + _LAST.index(last)
    return chr(0xAC00 + code)
