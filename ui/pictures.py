"""A picture for each thing sold: Material symbols, which every machine can draw.

Products carry an emoji; a server or a kiosk without an emoji font would show empty boxes,
and emoji look different on every phone. Unknown ones are shown as they are.
"""

from __future__ import annotations

from collections.abc import Mapping

from ui.format import plain

__all__ = ["ICONS", "picture"]

ICONS: Mapping[str, str] = {
    "📦": "package_2",
    "🎧": "headphones",
    "🔋": "battery_charging_full",
    "⌨": "keyboard",
    "📽": "videocam",
    "⌚": "watch",
    "🔌": "power",
    "🔊": "speaker",
    "🧥": "apparel",
    "👖": "laundry",
    "👕": "checkroom",
    "🦺": "apparel",
    "👟": "steps",
    "🩲": "checkroom",
    "👔": "checkroom",
    "🥤": "water_bottle",
    "🧋": "local_cafe",
    "🍳": "skillet",
    "🍟": "multicooker",
    "🛏": "bed",
    "🪵": "carpenter",
    "💧": "humidity_mid",
    "🛁": "bathtub",
    "🧴": "soap",
    "💦": "water_drop",
    "☀": "sunny",
    "💄": "palette",
    "🫧": "bubble_chart",
    "💇": "air",
    "🪞": "face_retouching_natural",
    "☕": "coffee",
    "🍎": "nutrition",
    "🥬": "eco",
    "🥜": "grain",
    "🍊": "nutrition",
    "🍲": "soup_kitchen",
    "🍘": "cookie",
    "📖": "menu_book",
    "💻": "laptop_mac",
    "🗓": "calendar_month",
    "🖋": "ink_pen",
    "📔": "book_2",
    "📓": "book_2",
    "🏷": "label",
    "🎙": "mic",
}
_VARIANT = "\ufe0f"


def picture(emoji: str, *, size: str = "##") -> str:
    """Markdown for a product's picture: a symbol on a quiet tile."""
    name = ICONS.get(emoji.replace(_VARIANT, ""), "" if emoji else "package_2")
    return f"{size} :gray-background[{f':material/{name}:' if name else plain(emoji)}]"
