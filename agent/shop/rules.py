"""The rule values the flows decide by; the policy documents quote the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

__all__ = ["Rules"]


@dataclass(frozen=True, slots=True)
class Rules:
    """Rule values by name and unit; see ``settings.TABLE`` for what each one means."""

    shipping_fee_krw: int = 3000
    free_shipping_threshold_krw: int = 50000
    return_fee_one_way_krw: int = 3000
    return_fee_round_trip_krw: int = 6000
    return_window_days: int = 7
    seller_fault_window_months: int = 3
    seller_fault_notice_days: int = 30
    refund_business_days: int = 3
    card_refund_min_business_days: int = 3
    card_refund_max_business_days: int = 7
    confirmation_ttl_minutes: int = 10
    payment_deadline_days: int = 3
    delivery_min_business_days: int = 1
    delivery_max_business_days: int = 3
    ticket_auto_close_days: int = 7
    business_hours_start: int = 9
    business_hours_end: int = 18
    sla_first_response_urgent_hours: int = 1
    sla_first_response_high_hours: int = 4
    sla_first_response_normal_hours: int = 8
    sla_first_response_low_hours: int = 24
    sla_resolution_urgent_hours: int = 8
    sla_resolution_high_hours: int = 24
    sla_resolution_normal_hours: int = 48
    sla_resolution_low_hours: int = 72
    guest_lookup_max_tries: int = 3
    late_refund_rate_percent: int = 15
    option_changes_max: int = 0
    cancel_after_option_change: bool = True
    price_difference: bool = False
    exchange_same_option: bool = False
    claims_per_order_max: int = 0
    refund_to_stored_value: bool = False

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Rules:
        """From ``settings.rules()``; names this class does not know are left out."""
        return cls(**{f.name: values[f.name] for f in fields(cls) if f.name in values})
