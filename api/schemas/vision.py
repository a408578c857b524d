"""Photos and what was found on them; boxes are pixels of the upright upload."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.base import Among, ReasonCode, Time
from services import words

__all__ = ["Analysis", "Defect", "PhotoReport", "Quality", "VerdictCode"]

VerdictCode = Annotated[str, Among(words.PHOTO_VERDICT)]
LabelCode = Annotated[str, Among(words.PHOTO_LABELS)]
JudgeCode = Annotated[str, Among(words.PHOTO_JUDGE)]
Share = Annotated[float, Field(ge=0, le=1, examples=[0.82])]
Box = Annotated[
    list[float],
    Field(min_length=4, max_length=4, description="왼쪽, 위, 오른쪽, 아래(픽셀)",
          examples=[[220.5, 96.0, 410.0, 300.2]]),
]  # fmt: skip
Pixels = Annotated[int, Field(ge=1, description="픽셀", examples=[1280])]


class Quality(BaseModel):
    """Whether a photo can be judged; measures are 0 (worst) to 1 (best)."""

    model_config = ConfigDict(from_attributes=True)

    usable: bool = Field(description="판단할 수 있는 사진인지", examples=[True])
    sharpness: Share
    exposure: Share
    resolution: Share
    framing: Share
    problems: list[str] = Field(
        description="blurred, dark, bright, small, far, cut_off, plain", examples=[["dark"]]
    )
    advice: list[str] = Field(
        description="problems의 순서대로, 어떻게 다시 찍으면 되는지",
        examples=[["조금 더 밝은 곳에서 찍어 주세요."]],
    )


class Colour(BaseModel):
    """A colour and its share of the picture."""

    model_config = ConfigDict(from_attributes=True)

    hex: str = Field(pattern=r"^#[0-9a-f]{6}$", examples=["#1e5ad2"])
    share: Share
    name_ko: str = Field(examples=["파란색"])


class Dimensions(BaseModel):
    """The upright upload's size."""

    width_px: Pixels
    height_px: Pixels


class Analysis(BaseModel):
    """What is measured on a photo that is not kept."""

    quality: Quality
    colours: list[Colour]
    dimensions: Dimensions
    format: str = Field(description="올린 파일의 형식", examples=["jpeg"])


class Marked(BaseModel):
    """A place and what is wrong there."""

    label: LabelCode
    label_ko: str = Field(examples=["깨짐"])
    box: Box


class Defect(Marked):
    """A finding, how sure it is, and which judges say so."""

    confidence: Share
    label_confidence: Share = Field(description="손상이라고 할 때 종류가 맞을 확률")
    judges: list[JudgeCode]


class RecommendedClaim(BaseModel):
    """The claim a report gives ground for: what POST /api/orders/{order_id}/claims takes."""

    kinds: list[str] = Field(description="return, exchange", examples=[["return", "exchange"]])
    reason_code: ReasonCode
    fault: Literal["seller"]
    order_id: str | None = Field(examples=["20261116-0000010"])
    line_id: str | None = Field(examples=["20261116-0000010-1"])
    photos: list[str] = Field(examples=[["img_4xYz…"]])


class JudgeSays(BaseModel):
    """What one judge could say, and how far it moved the answer."""

    judge: JudgeCode
    judge_ko: str = Field(examples=["상품 사진 비교"])
    state: Literal["seen", "clear", "unsure", "absent"] = Field(
        description="찾음, 살폈지만 찾지 못함, 판단하지 못함, 쓰지 않음"
    )
    score: Share | None
    findings: int = Field(ge=0, examples=[1])
    reason: str
    model: str
    log_odds: float | None = Field(description="답을 움직인 정도(로그 승산)", examples=[1.9])
    share: Share | None
    share_ko: str = Field(examples=["판단 비중 83%, 의심을 높임"])
    took_ms: float = Field(ge=0, examples=[110.4])


class CorrectedReport(BaseModel):
    """What staff say instead."""

    defects: list[Marked]
    note: str
    corrected_at: Time
    version: int = Field(ge=1, examples=[1])


class PhotoReport(BaseModel):
    """The desk's answer about a photo."""

    report_id: str = Field(examples=["pr_hT2…"])
    image_id: str = Field(description="GET /api/images/{image_id}", examples=["img_4xYz…"])
    verdict: VerdictCode = Field(
        description="damage: 신청 초안을 쓸 수 있음, review: 담당자가 확인, retake: 다시 찍기"
    )
    verdict_ko: str = Field(examples=["문제가 보여요"])
    score: Share | None = Field(description="손상일 확률. 판단할 수 없으면 null")
    quality: Quality
    defects: list[Defect]
    recommended_claim: RecommendedClaim | None
    reasons: list[str] = Field(examples=[["상품 사진과 견주어 보니 오른쪽 위가 달라요."]])
    judges: list[JudgeSays]
    model: str
    order_id: str | None
    line_id: str | None
    product_id: str | None = Field(description="견준 상품", examples=["P1001"])
    sku: str | None = Field(examples=["P1001-BK"])
    width_px: Pixels
    height_px: Pixels
    took_ms: float = Field(ge=0, examples=[240.0])
    correction: CorrectedReport | None = Field(
        description="담당자가 바로잡은 것. 담당자에게만 보여요"
    )
    created_at: Time
