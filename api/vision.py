"""Photos judged: measure one, look for damage on one, and the reports that were kept."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, UploadFile

from api.calls import Desk, From, SignedIn
from api.problems import problems
from api.schemas.base import Id, Limit, Page, PathId, PlaceCursor
from api.schemas.vision import Analysis, PhotoReport, VerdictCode
from api.waiting import in_photo_thread
from services.photo_answers import report_answer

__all__ = ["router"]

router = APIRouter(prefix="/api/vision", tags=["사진"])
Upload = Annotated[UploadFile, File(description="JPEG, PNG, WebP, HEIC 등 10MB까지")]


@router.post(
    "/analyze",
    operation_id="analyze_image",
    summary="사진 재어 보기",
    responses=problems(400),
)
async def analyze_image(caller: SignedIn, desk: Desk, address: From, image: Upload) -> Analysis:
    """판단할 수 있는 사진인지, 어떤 색인지, 얼마나 큰지 알려 줘요. 사진은 저장하지 않아요."""
    desk.limits.upload(caller, address)
    found = await in_photo_thread(lambda: desk.photos.measure(image.file.read()))
    return Analysis.model_validate(
        {
            "quality": found.quality,
            "colours": found.colours,
            "dimensions": {"width_px": found.width_px, "height_px": found.height_px},
            "format": found.format,
        }
    )


@router.post(
    "/defect",
    operation_id="find_defects",
    summary="사진에서 손상 찾기",
    responses=problems(400, 404),
)
async def find_defects(
    caller: SignedIn,
    desk: Desk,
    address: From,
    image: Upload,
    order_id: Annotated[
        Id | None, Form(description="무엇을 받은 사진인지. 담당자는 고객의 주문을 적어요")
    ] = None,
    line_id: Annotated[Id | None, Form(description="그 주문의 어느 상품인지")] = None,
    product_id: Annotated[Id | None, Form(description="주문 없이 견줄 상품")] = None,
    sku: Annotated[Id | None, Form(description="그 상품의 옵션")] = None,
) -> PhotoReport:
    """사진을 저장하고, 주문한 상품의 사진과 견주어 본 결과를 남겨요.

    접수하거나 거절하지는 않아요. recommended_claim은 신청의 초안이고 결정은 담당자가 해요.
    손상을 찾지 못했다는 답은 손상이 없다는 뜻이 아니라서, 그때는 담당자가 직접 확인해요(review).
    """
    desk.limits.upload(caller, address)
    look = partial(
        desk.photos.defect, caller, order_id=order_id, line_id=line_id, product_id=product_id,
        sku=sku or "", source="api",
    )  # fmt: skip
    kept = await in_photo_thread(lambda: look(data=image.file.read()))
    return PhotoReport.model_validate(report_answer(kept, staff=caller.is_staff))


@router.get(
    "/reports",
    operation_id="list_photo_reports",
    summary="사진 확인 기록",
    responses=problems(400),
)
def list_photo_reports(
    caller: SignedIn,
    desk: Desk,
    order_id: Annotated[Id | None, Query(description="이 주문의 사진만")] = None,
    verdict: Annotated[VerdictCode | None, Query(description="이 판단만")] = None,
    limit: Limit = 20,
    cursor: PlaceCursor = None,
) -> Page[PhotoReport]:
    """새 기록부터 보여요. 고객은 자기 사진의 것, 담당자는 모두의 것을 볼 수 있어요."""
    found = desk.photos.reports(
        caller, order_id=order_id or "", verdict=verdict or "", limit=limit, cursor=cursor
    )
    told = [report_answer(one, staff=caller.is_staff) for one in found.items]
    items = [PhotoReport.model_validate(one) for one in told]
    return Page(items=items, next_cursor=found.next_cursor)


@router.get(
    "/reports/{report_id}",
    operation_id="get_photo_report",
    summary="사진 확인 결과 보기",
    responses=problems(404),
)
def get_photo_report(report_id: PathId, caller: SignedIn, desk: Desk) -> PhotoReport:
    """본인의 사진이거나 담당자일 때 볼 수 있어요."""
    kept = desk.tool(caller, "get_photo_report", source="api", report_id=report_id)
    return PhotoReport.model_validate(report_answer(kept, staff=caller.is_staff))
