"""What people ask the desk of the demonstration shop, and what it answers, by intent."""

from __future__ import annotations

__all__ = ["ASKED_OF_THE_SHOP", "TOOL_OF", "UNANSWERED"]

# (intent, question, answer, how often): what needs no order.
ASKED_OF_THE_SHOP: tuple[tuple[str, str, str, int], ...] = (
    (
        "policy",
        "반품은 며칠 안에 해야 하나요?",
        "상품을 받은 날부터 7일 안에 신청하시면 돼요. 불량이나 파손은 3개월까지 받아 드려요.",
        9,
    ),
    (
        "policy",
        "반품 배송비는 누가 내요?",
        "마음이 바뀌어 반품하시면 고객님이, 불량이거나 잘못 왔으면 저희가 내요.",
        7,
    ),
    (
        "policy",
        "환불은 언제 들어오나요?",
        "반품 상품이 도착하면 영업일 3일 안에 환불해 드려요. 카드는 며칠 더 걸릴 수 있어요.",
        6,
    ),
    ("policy", "얼마부터 배송비가 없나요?", "5만 원 이상 주문하시면 배송비가 없어요.", 4),
    (
        "policy",
        "상담원은 몇 시까지 있어요?",
        "평일 오전 9시부터 오후 6시까지 상담원이 답해 드려요.",
        3,
    ),
    (
        "policy",
        "주문한 상품 옵션을 바꿀 수 있나요?",
        "결제완료 상태라면 같은 상품의 다른 옵션으로 바꿀 수 있어요.",
        3,
    ),
    ("product_info", "이 이어폰 방수 되나요?", "생활 방수가 돼요. 물에 담그지는 말아 주세요.", 5),
    (
        "product_info",
        "선물로 줄 만한 텀블러 추천해 주세요",
        "요즘 많이 찾으시는 텀블러를 보여 드릴게요.",
        4,
    ),
    ("product_info", "후드 사이즈가 크게 나왔나요?", "후기를 보면 정사이즈라는 의견이 많아요.", 3),
    (
        "payment",
        "현금영수증 되나요?",
        "네, 무통장입금과 간편결제는 현금영수증을 받을 수 있어요.",
        3,
    ),
    ("account", "비밀번호를 잊었어요", "로그인 화면의 안내를 따라 새로 만들 수 있어요.", 3),
    ("smalltalk", "안녕하세요", "안녕하세요. 무엇을 도와드릴까요?", 3),
    (
        "out_of_scope",
        "오늘 무슨 주식 사면 좋을까요?",
        "저는 쇼핑몰 상담을 돕고 있어요. 주문이나 배송, 상품이 궁금하면 말씀해 주세요.",
        1,
    ),
    (
        "complaint",
        "상담이 너무 답답하네요",
        "불편을 드려 죄송해요. 무엇이 막혔는지 알려 주세요.",
        2,
    ),
    ("unclear", "그거 어떻게 됐어요", "어떤 것을 말씀하시는지 조금만 더 알려 주세요.", 2),
)
# Policy questions to which no clause fits.
UNANSWERED = (
    "해외에서도 주문할 수 있나요?",
    "포인트를 가족에게 줄 수 있나요?",
    "매장에서 직접 찾아가도 되나요?",
    "조립까지 해 주시나요?",
)
TOOL_OF = {
    "policy": "search_policies", "product_info": "search_products", "order_status": "get_order",
    "delivery": "track_shipment", "refund_status": "refund_status", "claim_status": "get_claim",
    "change_order": "get_order", "cancel": "get_order", "return_exchange": "get_order",
    "handoff": "create_ticket",
}  # fmt: skip
