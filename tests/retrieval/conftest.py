"""One Kiwi, one encoder basis and one index for all retrieval tests: real, never mocked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from retrieval import CongEncoder, Document, KoreanTokenizer, PolicyIndex, PolicySearch
from retrieval.documents import parse_document

TODAY = date(2026, 11, 21)
RULES: dict[str, int | str] = {"window_days": 7, "free_from_krw": 50000}
MakeDocument = Callable[..., Document]

REFUND = """## 돈은 언제 돌려받나요
반품한 상품이 도착하면 영업일 기준 3일 안에 환불합니다. 카드 취소는 카드사에 따라 며칠 더 걸립니다.

## 은행 계좌로 받을 수 있나요
무통장 입금으로 낸 주문은 본인 명의 계좌로 돌려드립니다.
"""
SHIPPING = """## 배송비는 얼마인가요
상품 금액이 {{free_from_krw}}원 이상이면 배송비가 없습니다.

## 택배가 늦어요
운송장 번호로 택배 위치를 볼 수 있습니다. 사흘 넘게 움직이지 않으면 알려 주십시오.

## SW-200 이어폰의 배송
SW-200 이어폰은 따로 포장해 보냅니다.
"""
RETURNS = """반품 안내입니다.

## 며칠 안에 반품할 수 있나요
마음이 바뀐 반품은 받은 날부터 {{window_days}}일 안에 신청하십시오.
"""
OLD_RETURNS = "## 2025년 반품 배송비\n지난 정책의 반품 배송비는 편도 2,500원이었습니다.\n"
COMING = "## 내년 반품 기간\n내년부터 반품 기간은 받은 날부터 30일입니다.\n"
INTERNAL = "## 환불 승인 절차\n담당자는 환불 금액을 확인하고 승인합니다. 내부 문서입니다.\n"


def make_document(doc_id: str, body: str, **front: object) -> Document:
    """A document as it would come from a file; ``front`` overrides its front matter."""
    matter = {
        "id": doc_id,
        "title": f"{doc_id} 안내",
        "category": "시험",
        "audience": "public",
        "effective_from": "2026-01-01",
        "effective_to": "",
        "version": 1,
        **front,
    }
    lines = "\n".join(f"{key}: {value}" for key, value in matter.items())
    return parse_document(f"---\n{lines}\n---\n{body}", name=f"{doc_id}.md", values=RULES)


def shop_documents() -> list[Document]:
    """Six small policies: three in force, one past, one to come, one internal."""
    return [
        make_document("refund", REFUND, title="환불 시기"),
        make_document("shipping", SHIPPING, title="배송"),
        make_document("returns", RETURNS, title="반품 기간"),
        make_document(
            "returns-2025",
            OLD_RETURNS,
            title="지난 반품 정책",
            effective_from="2025-01-01",
            effective_to="2025-12-31",
        ),
        make_document("returns-2027", COMING, title="새 반품 정책", effective_from="2027-01-01"),
        make_document("approval", INTERNAL, title="내부 승인", audience="staff"),
    ]


@pytest.fixture(scope="session")
def tokenizer() -> KoreanTokenizer:
    return KoreanTokenizer()


@pytest.fixture(scope="session")
def encoder(tokenizer: KoreanTokenizer, tmp_path_factory: pytest.TempPathFactory) -> CongEncoder:
    return CongEncoder(tokenizer, tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="session")
def index(
    tokenizer: KoreanTokenizer, encoder: CongEncoder, tmp_path_factory: pytest.TempPathFactory
) -> PolicyIndex:
    """Read only: tests that build make their own with ``new_index``."""
    index = PolicyIndex(tmp_path_factory.mktemp("index"), tokenizer, encoder)
    index.build(shop_documents())
    return index


@pytest.fixture(scope="session")
def search(index: PolicyIndex) -> PolicySearch:
    return PolicySearch(index)


@pytest.fixture
def new_index(
    tmp_path: Path, tokenizer: KoreanTokenizer, encoder: CongEncoder
) -> Callable[[], PolicyIndex]:
    """Makes handles on one empty index folder, as several processes would."""
    return lambda: PolicyIndex(tmp_path / "policy_index", tokenizer, encoder)
