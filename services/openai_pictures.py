"""Pictures in OpenAI clients' messages: data URLs only, few, and drawn anew before a model sees
them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from agent.llm import Picture
from agent.types import MOST_PHOTOS, TOO_MANY_PHOTOS
from errors import BadInput
from vision import Limits, clean_photo

__all__ = ["MOST_PICTURES", "bytes_of", "check_all", "drawn_anew", "few_enough"]

MOST_PICTURES = 20  # of all messages of a request: clients send the whole conversation each time


def few_enough(pictures: Sequence[str]) -> Sequence[str]:
    """The pictures of one message. Raises BadInput for more than a message may have."""
    if len(pictures) > MOST_PHOTOS:
        raise BadInput(TOO_MANY_PHOTOS)
    return pictures


def check_all(pictures: int) -> None:
    """Raises BadInput for more pictures than a request's messages may have together."""
    if pictures > MOST_PICTURES:
        raise BadInput(f"messages에 사진은 모두 {MOST_PICTURES}장까지 보낼 수 있어요.")


def bytes_of(url: str) -> bytes:
    """The bytes of a data URL. Raises BadInput; an address is never fetched."""
    head, comma, data = url.partition(",")
    if not head[:5].lower() == "data:" or not comma or not head.lower().endswith(";base64"):
        raise BadInput(
            "사진은 주소(http)가 아니라 data URL(data:image/jpeg;base64,…)로 보내 주세요.",
            code="unsupported_image_url",
        )
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInput("사진을 읽을 수 없어요. base64 형식을 확인해 주세요.",
                       code="unsupported_image_url") from error  # fmt: skip


def drawn_anew(pictures: Sequence[str], limits: Limits) -> tuple[Picture, ...]:
    """One message's pictures as a model is sent them: pixels only, no place, no device.

    Raises BadInput for too many and for what is no picture.
    """
    photos = [clean_photo(bytes_of(url), limits) for url in few_enough(pictures)]
    return tuple(Picture(photo.media_type, photo.data) for photo in photos)
