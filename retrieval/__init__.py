"""Policy documents and the search over them; knows nothing of agent, store or Streamlit.

    tokenizer = KoreanTokenizer()
    index = PolicyIndex(folder, tokenizer, CongEncoder(tokenizer, folder))
    index.build(load_folder(policies, rules))
    PolicySearch(index).search("환불은 언제 되나요", today=date.today())

Importing it is cheap; Kiwi, NumPy and LanceDB are loaded at first use.
"""

from __future__ import annotations

from retrieval.documents import load_folder
from retrieval.embed import CongEncoder, Encoder
from retrieval.index import PolicyIndex
from retrieval.search import PolicySearch
from retrieval.tokenize import KoreanTokenizer, Morpheme
from retrieval.types import (
    Chunk,
    Document,
    Hit,
    IndexReport,
    IndexStatus,
    Mode,
    Ranks,
    Scores,
    SearchResult,
)

__all__ = [
    "Chunk",
    "CongEncoder",
    "Document",
    "Encoder",
    "Hit",
    "IndexReport",
    "IndexStatus",
    "KoreanTokenizer",
    "Mode",
    "Morpheme",
    "PolicyIndex",
    "PolicySearch",
    "Ranks",
    "Scores",
    "SearchResult",
    "load_folder",
]
