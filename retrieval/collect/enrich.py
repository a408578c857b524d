"""What every collected text goes through: it is cleaned, and its articles become headings."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["clean", "one_line", "with_articles"]

_COMMENT = re.compile(r"<!--.*?(-->|\Z)", re.DOTALL)
_UNSEEN = re.compile(r"<(script|style|template|iframe|svg)\b.*?(</\1\s*>|\Z)", re.DOTALL | re.I)
# Lengths are bounded so that a text made to be slow ("[[[[…") is not.
_HIDDEN = re.compile(
    r"<(\w{1,20})\b[^<>]{0,500}?(?:\shidden\b|aria-hidden=.?true|display\s?:\s?none)[^<>]{0,500}>"
    r".*?(?:</\1\s*>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,2000}>")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]{1,2000})>", re.IGNORECASE)
_TO = r"(?:\([^()\n]{0,2000}\)|\[[^\[\]\n]{0,200}\])"
_IMAGE = re.compile(rf"!\[[^\[\]]{{0,500}}\]{_TO}")
_LINK = re.compile(rf"\[([^\[\]]{{1,500}})\]{_TO}")
_DEFINITION = re.compile(r"^ {0,3}\[[^\[\]\n]{1,200}\]: *\S+.*$", re.MULTILINE)
_OPENS_TAG = re.compile(r"<(?=[a-zA-Z/!?])")
# Nested, with brackets or over lines, a link gets past the patterns above: a space ends it.
_OPENS_TARGET = re.compile(r"\](?=[(\[:])")
# Zero-width letters, turned writing, fillers, variants, tags, controls and halves of letters:
# no reader sees them.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff"
    "\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]"
)
LINE_MAX_CHARS = 200

_MARKS = r"(?:\*\*|__)?"
_NAME = r"제\s?\d{1,3}\s?%s(?:\s?의\s?\d{1,2})?"
_CHAPTER = re.compile(rf"^{_MARKS}({_NAME % '[장편]'}\s+\S.{{0,40}}?){_MARKS}[ \t]*$", re.MULTILINE)
# "제3조 (환불)" alone or before its text; "제17조(철회)에 따라" is a mention, not a heading.
_ARTICLE = re.compile(
    rf"^{_MARKS}({_NAME % '조'}\s?[(（\[【<〈][^)）\]】>〉\n]{{1,40}}[)）\]】>〉]){_MARKS}"
    r"(?:[ \t]*$|[ \t]+(?=\S))",
    re.MULTILINE,
)
_ADDENDUM = re.compile(
    rf"^{_MARKS}(부\s?칙(?:\s?[(（<〈][^)）>〉\n]{{1,40}}[)）>〉])?){_MARKS}[ \t]*$", re.M
)


def clean(markdown: str) -> str:
    """``markdown`` as plain as it can be: no HTML, comments, links, pictures, unseen letters.

    What still looks like a tag was text ("&lt;b&gt;") and gets a full-width ``＜``.
    """
    text = unicodedata.normalize("NFC", markdown.replace("\r\n", "\n").replace("\r", "\n"))
    text = _INVISIBLE.sub("", text.replace("\xa0", " ").replace("\t", " "))
    for pattern in (_COMMENT, _UNSEEN, _HIDDEN):
        text = pattern.sub("", text)
    text = _TAG.sub(" ", _AUTOLINK.sub(r"\1", text))
    text = _DEFINITION.sub("", _LINK.sub(r"\1", _IMAGE.sub("", text)))
    text = _OPENS_TARGET.sub("] ", _OPENS_TAG.sub("＜", text))
    text = re.sub(r"(?<=\S) {2,}", " ", text)
    text = re.sub(r" +$|^ {13,}", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def one_line(text: str) -> str:
    """``text``, cleaned, as a title: one line of at most ``LINE_MAX_CHARS`` characters."""
    return " ".join(clean(text).split())[:LINE_MAX_CHARS].rstrip()


def with_articles(markdown: str) -> str:
    """Chapters ("제1장 총칙") and articles ("제3조 (환불)") of terms as headings.

    Terms are the policies most often published, and mostly without headings of their own.
    """
    text = _CHAPTER.sub(r"\n## \1\n", markdown)
    text = _ARTICLE.sub(r"\n### \1\n\n", text)
    return re.sub(r"\n{3,}", "\n\n", _ADDENDUM.sub(r"\n## \1\n", text)).strip()
