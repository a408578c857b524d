"""Photos for a conversation: store one, look at it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, Response, UploadFile

from api.calls import Desk, From
from api.problems import problems
from api.schemas.base import Id, PathId
from api.schemas.sessions import Image
from api.sessions import Somebody
from api.waiting import in_photo_thread

__all__ = ["router"]

_WHAT = "JPEG, PNG, WebP, GIF, HEIC, AVIF, BMP. 10MB, 4,000만 화소까지"
router = APIRouter(prefix="/api/images", tags=["사진"])


@router.post(
    "",
    operation_id="upload_image",
    summary="사진 올리기",
    status_code=201,
    responses=problems(400, 404),
)
async def upload_image(
    caller: Somebody,
    desk: Desk,
    address: From,
    image: Annotated[UploadFile, File(description=_WHAT)],
    session_id: Annotated[Id | None, Form(description="없으면 새 대화가 생겨요")] = None,
) -> Image:
    """위치나 기기 정보 없이 다시 그려 저장해요. POST /api/chat의 image_ids로 써요."""
    desk.limits.upload(caller, address)
    session, image_id = await in_photo_thread(
        lambda: desk.save_photo(caller, image.file.read(), session_id=session_id)
    )
    return Image(image_id=image_id, session_id=session)


@router.get(
    "/{image_id}",
    operation_id="get_image",
    summary="사진 보기",
    response_class=Response,
    responses=problems(404) | {200: {"content": {"image/jpeg": {}}, "description": "사진(JPEG)"}},
)
def get_image(image_id: PathId, caller: Somebody, desk: Desk) -> Response:
    """자기 대화나 신청의 사진이에요."""
    return Response(
        desk.photo(caller, image_id),
        media_type="image/jpeg",
        headers={
            "Cache-Control": "private, max-age=3600, immutable",
            "Content-Disposition": "inline",
            "X-Content-Type-Options": "nosniff",
        },
    )
