"""The table of settings: every name with its default, what it is for, what it may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from urllib.parse import urlsplit

__all__ = ["TABLE", "Setting"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table, nothing secret; ``rule`` marks a shop rule.

    ``choices`` are the only words a text may be (in any case, kept in lower case); ``check``
    raises ValueError, saying in Korean what would be accepted, for a text of no use.
    """

    name: str
    default: str | int | bool
    help: str
    rule: bool = False
    choices: tuple[str, ...] = ()
    check: Callable[[str], object] | None = None


def _rule(name: str, default: int | bool, text: str) -> Setting:
    return Setting(name, default, text, rule=True)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _check_networks(text: str) -> None:
    try:
        for part in _listed(text):
            ip_network(part, strict=False)
    except ValueError:
        raise ValueError("10.0.0.1이나 10.0.0.0/8 같은 주소를 쉼표로 이어") from None


def _check_origins(text: str) -> None:
    if _listed(text) != ["*"] and not all(map(_is_origin, _listed(text))):
        raise ValueError("https://shop.example.com 같은 출처를 쉼표로 잇거나 * 하나만")


def _is_origin(text: str) -> bool:
    """Whether a browser would send just this as ``Origin``: no path, no name, lower case."""
    try:
        parts = urlsplit(text)
        whole = parts.scheme in ("http", "https") and parts.port != 0 and bool(parts.hostname)
    except ValueError:  # no port, or no address in the brackets
        return False
    plain = text == f"{parts.scheme}://{parts.netloc}".lower() and text.isascii()
    return whole and plain and not set(text) & set("@*\\ ")


TABLE: tuple[Setting, ...] = (
    Setting("data_dir", "var", "Folder for everything the program writes."),
    Setting("host", "127.0.0.1", "Address the server listens on."),
    Setting("port", 8501, "TCP port of the console and the API."),
    Setting("demo", True, "Seed the demonstration shop and show its accounts."),
    Setting(
        "demo_on_any_host",
        False,
        "Let the demonstration accounts sign in when the server listens beyond loopback.",
    ),
    Setting("seed", 20260101, "Random seed of the demonstration shop."),
    Setting("session_days", 14, "Days a sign-in lasts in a browser."),
    Setting("login_max_failures", 5, "Failed sign-ins in a row before an account is locked."),
    Setting("login_lock_minutes", 15, "Minutes an account stays locked."),
    Setting("access_token_minutes", 15, "Minutes an access token of the API is valid."),
    Setting("guest_token_days", 14, "Days a guest's token of the API is valid."),
    Setting("sign_in_tries_per_minute", 10, "Failed sign-ins a minute from one address."),
    Setting("registrations_per_hour", 500, "New accounts an hour from one address."),
    Setting("turns_per_minute", 60, "Messages a minute from one caller."),
    Setting("guest_turns_per_minute", 600, "Messages a minute from all guests of one address."),
    Setting("requests_per_minute", 6000, "API requests a minute from one address; 0 is any."),
    Setting("max_body_mb", 12, "Largest request body of the API, in MB."),
    Setting("body_timeout_s", 30, "Seconds a request's body may take to arrive."),
    Setting("turn_timeout_s", 60, "Seconds an answer may take before the API gives up on it."),
    Setting(
        "turn_workers",
        0,
        "Turns answered at the same time; 0 is one a core, 64 with a language model.",
    ),
    Setting("turn_queue_max", 500, "Turns that may wait for their turn; more are turned away."),
    Setting("sse_heartbeat_s", 15, "Seconds of silence after which a stream sends a heartbeat."),
    Setting("stream_resume_s", 3, "Seconds a turn goes on after its reader has left a stream."),
    Setting("shutdown_grace_s", 20, "Seconds running turns get to finish when the server stops."),
    Setting(
        "cors_origins",
        "",
        "Web origins that may call the API, separated by commas.",
        check=_check_origins,
    ),
    Setting(
        "trusted_proxies",
        "",
        "Addresses or networks whose X-Forwarded-For is believed (commas).",
        check=_check_networks,
    ),
    Setting(
        "model_calls_days",
        90,
        "Days each call of a language model is kept; 0 for ever. Sums by day stay.",
    ),
    Setting("trace_days", 30, "Days everything a turn did is kept for the staff; 0 keeps nothing."),
    Setting(
        "conversation_log",
        "off",
        "Write what is said, masked, to logs/conversations.jsonl: on, off.",
        choices=("off", "on"),
    ),
    Setting("conversation_log_mb", 10, "Size in MB at which that file is rotated; 0 never."),
    Setting("conversation_log_files", 5, "Rotated files of it that are kept."),
    Setting("hsts_days", 0, "Days of Strict-Transport-Security; 0 sends none (no TLS)."),
    Setting(
        "v1_key_required",
        "auto",
        "Whether /v1 asks for an API key: yes, no, auto (beyond loopback).",
        choices=("auto", "yes", "no"),
    ),
    Setting(
        "log_format",
        "text",
        "Log lines: text, or json for a log collector.",
        choices=("text", "json"),
    ),
    Setting(
        "log_level",
        "info",
        "Least level that is logged: debug, info, warning, error.",
        choices=("debug", "info", "warning", "error"),
    ),
    Setting("max_message_chars", 4000, "Longest chat message, in characters.", rule=True),
    Setting("max_image_mb", 10, "Largest photo, in MB.", rule=True),
    Setting("max_image_megapixels", 40, "Largest photo, in millions of pixels.", rule=True),
    Setting("min_image_side_px", 32, "Shortest side a photo must have, in pixels."),
    Setting("max_image_side_ratio", 20, "How many times its shorter side a photo may be long."),
    Setting(
        "photo_days",
        90,
        "Days a photo is kept that belongs to no chat and no claim and that staff have not "
        "corrected; 0 for ever.",
    ),
    Setting("photo_workers", 2, "Photos that are decoded or judged at the same time."),
    Setting(
        "detector_weights",
        "",
        "Own detector: path of an .onnx or .pt file; empty uses the promoted or shipped one.",
    ),
    Setting("context_ttl_minutes", 60, "Minutes a conversation's pending question is remembered."),
    Setting("intent_min_percent", 40, "Below this confidence (percent) the desk asks back."),
    Setting(
        "embedder_model_dir",
        "",
        "Folder of a sentence-transformers model for policy search; empty uses the built-in one.",
    ),
    Setting(
        "weather_base_url",
        "",
        "Open-Meteo server for delivery delays (https://api.open-meteo.com); empty: no weather.",
    ),
    Setting(
        "weather_geocoding_url",
        "",
        "Its place search (https://geocoding-api.open-meteo.com); empty: the large cities only.",
    ),
    Setting("weather_timeout_s", 3, "Seconds the weather may take, place search included."),
    _rule("shipping_fee_krw", 3000, "Delivery fee below the free-shipping threshold."),
    _rule("free_shipping_threshold_krw", 50000, "Goods total from which delivery is free."),
    _rule("return_fee_one_way_krw", 3000, "Return shipping the buyer pays, one way."),
    _rule("return_fee_round_trip_krw", 6000, "Return shipping if delivery was free, or exchange."),
    _rule("return_window_days", 7, "Days after delivery for a change of mind (법 제17조 1항)."),
    _rule("seller_fault_window_months", 3, "Months after delivery for seller fault (제17조 3항)."),
    _rule("seller_fault_notice_days", 30, "Days after noticing a seller fault (제17조 3항)."),
    _rule("refund_business_days", 3, "Business days to refund returned goods (제18조 2항)."),
    _rule("late_refund_rate_percent", 15, "Yearly interest on late refunds (시행령 제21조의3)."),
    _rule("card_refund_min_business_days", 3, "Earliest a card cancellation shows."),
    _rule("card_refund_max_business_days", 7, "Latest a card cancellation shows."),
    _rule("confirmation_ttl_minutes", 10, "Minutes a proposed change can be confirmed."),
    _rule("payment_deadline_days", 3, "Days a bank transfer may take before the order lapses."),
    _rule("delivery_min_business_days", 1, "Shortest delivery after dispatch."),
    _rule("delivery_max_business_days", 3, "Longest usual delivery after dispatch."),
    _rule("ticket_auto_close_days", 7, "Days of silence after which a resolved ticket closes."),
    _rule("business_hours_start", 9, "Hour (KST) the desk opens, Monday to Friday."),
    _rule("business_hours_end", 18, "Hour (KST) the desk closes."),
    _rule("sla_first_response_urgent_hours", 1, "First answer, urgent (business hours)."),
    _rule("sla_first_response_high_hours", 4, "First answer, high (business hours)."),
    _rule("sla_first_response_normal_hours", 8, "First answer, normal (business hours)."),
    _rule("sla_first_response_low_hours", 24, "First answer, low (business hours)."),
    _rule("sla_resolution_urgent_hours", 8, "Resolution, urgent (business hours)."),
    _rule("sla_resolution_high_hours", 24, "Resolution, high (business hours)."),
    _rule("sla_resolution_normal_hours", 48, "Resolution, normal (business hours)."),
    _rule("sla_resolution_low_hours", 72, "Resolution, low (business hours)."),
    _rule("guest_lookup_max_tries", 3, "Tries a guest has to find an order by number and e-mail."),
    # Policies in which shops differ; the defaults are domain.md's.
    _rule("option_changes_max", 0, "Option changes an order may have; 0 for any number."),
    _rule("cancel_after_option_change", True, "Whether an order may be cancelled after one."),
    _rule("price_difference", False, "Whether changes and exchanges may change the price."),
    _rule("exchange_same_option", False, "Whether a buyer may exchange for the same option."),
    _rule("claims_per_order_max", 0, "Returns and exchanges an order may have; 0 for any number."),
    _rule("refund_to_stored_value", False, "Whether a return may pay into stored value instead."),
)
