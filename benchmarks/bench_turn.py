"""The program's own share of a turn: seeded shop, then 100,000 orders and 1,000,000 messages.

The targets (p50 under 30 ms, p95 under 100 ms, and at most 1.5 times that when large) hold
with no language model and two cores.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from time import perf_counter

import settings as settings_module
from agent.types import Caller, ErrorEvent
from services import Services

__all__ = ["SAID", "run"]

ORDERS, MESSAGES = 100_000, 1_000_000
ROUNDS = 6
# A day at the desk: looking, asking, starting and dropping a change, small talk.
SAID = (
    "제 주문 어떻게 됐어요?", "택배 어디쯤이에요?", "지난주에 산 거 취소하고 싶어요", "아니요",
    "반품 배송비는 누가 내요?", "며칠 안에 반품할 수 있나요?", "환불 언제 들어와요?",
    "지난번 문의 어떻게 됐나요?", "이 이어폰 방수 되나요?", "3만원 이하 텀블러 추천해 주세요",
    "반품할게요", "현금영수증 받고 싶어요", "배송지 바꾸고 싶어요", "안녕하세요", "그거요",
)  # fmt: skip


def run() -> dict[str, float]:
    """Milliseconds a turn (p50, p95), seeded and large, and their ratios."""
    with tempfile.TemporaryDirectory() as folder:
        plain = settings_module.load({}, env_file=Path(folder) / "none")
        shop = Services(plain.replace(data_dir=folder))
        shop.prepare()
        small = _measure(shop)
        from store.seed import grow

        grow(shop.database, orders=ORDERS, messages=MESSAGES, number=1)
        large = _measure(shop)
    figures = {f"turn_{name}_ms": value for name, value in small.items()}
    figures |= {f"turn_{name}_large_ms": value for name, value in large.items()}
    figures |= {f"turn_{name}_ratio": large[name] / small[name] for name in small}
    return figures


def _measure(shop: Services) -> dict[str, float]:
    """Every message by customers with few and with many orders, a new chat each round."""
    took: list[float] = []
    for number in range(-1, ROUNDS):
        caller = Caller("customer", f"user_{number % 5 + 1:03d}", "고객")
        session_id: str | None = None
        for said in SAID:
            started = perf_counter()
            events = list(shop.run_turn(caller, said, session_id=session_id))
            elapsed = (perf_counter() - started) * 1000
            assert not any(isinstance(event, ErrorEvent) for event in events)
            session_id = events[-2].session_id  # type: ignore[union-attr]
            if number >= 0:  # the first round warms up
                took.append(elapsed)
        shop.policies._cache.clear()
    cuts = statistics.quantiles(took, n=20)
    return {"p50": cuts[9], "p95": cuts[18]}


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:28} {value:10.2f}")
