"""GET /api/policies/search: the chat's own search, every stage's rank told."""

from __future__ import annotations

import pytest

from tests.api.conftest import Api

Q = "반품 배송비는 누가 내요?"


def search(api: Api, headers: dict[str, str] | None = None, **query: object):  # type: ignore[no-untyped-def]
    return api.client.get("/api/policies/search", params=query, headers=headers or {})


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "vector"])
def test_the_answer_is_the_tools_in_the_contracts_shape(api: Api, guest, mode: str) -> None:  # type: ignore[no-untyped-def]
    answer = search(api, q=Q, mode=mode, top_k=7).json()
    assert {"query", "mode", "mode_used", "took_ms", "results"} <= set(answer)
    assert (answer["query"], answer["mode"], answer["mode_used"]) == (Q, mode, mode)
    assert answer["took_ms"] > 0
    for hit in answer["results"]:
        assert set(hit) == {
            "chunk_id", "doc_id", "title", "section", "text", "score", "ranks", "url",
        }  # fmt: skip
        assert set(hit["ranks"]) == {"keyword", "vector", "fused", "reranked"}
    found = api.shop.tool(guest, "search_policies", query=Q, mode=mode, top_k=7)
    assert [hit["chunk_id"] for hit in answer["results"]] == [h.chunk.chunk_id for h in found.hits]
    assert len(answer["results"]) == 7


def test_five_hybrid_results_without_saying_so(api: Api) -> None:
    answer = search(api, q=Q).json()
    assert (answer["mode"], len(answer["results"])) == ("hybrid", 5)
    assert answer["results"][0]["url"].startswith("/policies?clause=")


def test_staff_documents_are_for_staff(api: Api) -> None:
    question = {"q": "담당자 환불 승인 기준", "top_k": 50}
    staff = {hit["doc_id"] for hit in search(api, api.staff, **question).json()["results"]}
    others = {hit["doc_id"] for hit in search(api, **question).json()["results"]}
    hidden = {"staff-fault-judgement", "staff-refund-approval", "staff-tickets-and-hard-talks"}
    assert staff & hidden
    assert not others & hidden
    customers = search(api, api.minji, **question).json()["results"]
    assert not {hit["doc_id"] for hit in customers} & hidden


@pytest.mark.parametrize(
    "query",
    [{}, {"q": ""}, {"q": "  \n"}, {"q": "가" * 501}, {"q": "반품\0"}, {"q": Q, "top_k": 0},
     {"q": Q, "top_k": 51}, {"q": Q, "top_k": "다섯"}, {"q": Q, "mode": "fuzzy"},
     {"q": Q, "top_k": 10**30}],
)  # fmt: skip
def test_what_is_refused(api: Api, query: dict[str, object]) -> None:
    answer = search(api, **query)
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_request"


@pytest.mark.parametrize(
    "q", ["가" * 500, "%", "'; drop table orders; --", "🎧", "\\", "a", "한" * 3 + "\n둘", "ㅋ"]
)
def test_odd_questions_are_answered(api: Api, q: str) -> None:
    assert search(api, q=q).status_code == 200
