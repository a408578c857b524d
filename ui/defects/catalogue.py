"""상품 사진: which products have a picture to compare with, and setting or removing one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from agent.types import Caller
from errors import NotFound, SangdamError
from services import Services
from ui import claim_photos, url
from ui.defects.about import product_names
from ui.defects.names import HERE, close
from ui.dialogs import flash
from ui.format import plain, short, when
from ui.photo_boxes import thumbnail

__all__ = ["draw"]

COLUMNS, PAGE, THUMB_PX = 3, 24, 84
ALL = "all"
_HAVE: Mapping[str, str] = {ALL: "전체", "yes": "사진 있음", "no": "사진 없음"}
_MADE_BY: Mapping[str, str] = {"shop": "상점에서 올림", "demo": "시연용 그림"}
_SHOWN = "sangdam_defects_products"


def draw(desk: Services, caller: Caller) -> None:
    """The opened product, or all of them."""
    names = product_names(desk, caller)
    product_id = st.query_params.get("product")
    if product_id:
        _opened(desk, caller, product_id)
        return
    if not names:
        st.info("등록된 상품이 없어요. 상품을 먼저 가져와 주세요.", icon=":material/info:")
        return
    photos = {one.product_id for one in desk.tool(caller, "list_product_photos")}
    st.caption(f"상품 {len(names)}개 가운데 {len(photos & set(names))}개에 사진이 있어요.")
    wanted = _filtered(names, photos)
    _grid(desk, names, photos, wanted)


def _filtered(names: Mapping[str, str], photos: set[str]) -> list[str]:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        have = st.segmented_control(
            "사진", list(_HAVE), key=url.take(HERE, "have", ALL, allowed=_HAVE), required=True,
            format_func=lambda one: _HAVE[one], label_visibility="collapsed", width="content",
        )  # fmt: skip
        text = st.text_input(
            "상품 찾기", key="defects-product-find", max_chars=60,
            placeholder="상품 이름이나 번호", label_visibility="collapsed",
        )  # fmt: skip
    have = url.give(HERE, "have", ALL, have)
    needle = text.strip().lower()
    return [
        product_id
        for product_id, name in names.items()
        if (have == ALL or (product_id in photos) == (have == "yes"))
        and (not needle or needle in name.lower() or needle in product_id.lower())
    ]


def _grid(
    desk: Services, names: Mapping[str, str], photos: set[str], wanted: Sequence[str]
) -> None:
    if not wanted:
        st.caption("해당하는 상품이 없어요. 다른 말로 찾아 보세요.")
        return
    shown = max(int(st.session_state.get(_SHOWN, PAGE)), PAGE)
    with st.container(key="defects-photos", gap="small"):
        for row in range(0, min(len(wanted), shown), COLUMNS):
            places = st.columns(COLUMNS, gap="small")
            for place, product_id in zip(places, wanted[row : row + COLUMNS], strict=False):
                with place:
                    _product(desk, product_id, names[product_id], has=product_id in photos)
    if len(wanted) > shown:
        st.button("더 보기", key="defects-more", icon=":material/expand_more:", width="stretch",
                  on_click=_more, args=(shown,))  # fmt: skip


def _more(shown: int) -> None:
    st.session_state[_SHOWN] = shown + PAGE


def _product(desk: Services, product_id: str, name: str, *, has: bool) -> None:
    with st.container(border=True, key=f"product-{product_id}", gap="xsmall",
                      height="stretch"):  # fmt: skip
        with st.container(horizontal=True, wrap=False, gap="small"):
            _thumb(desk, product_id, has=has)
            with st.container(gap="xxsmall"):
                st.markdown(f"**{plain(short(name, 36))}**  \n:gray[{plain(product_id)}]")
        st.button("사진 바꾸기" if has else "사진 올리기", key=f"product-open-{product_id}",
                  width="stretch", on_click=_open, args=(product_id,))  # fmt: skip


def _thumb(desk: Services, product_id: str, *, has: bool, sku: str = "") -> None:
    try:
        data = desk.photos.product_picture(product_id, sku) if has else None
    except NotFound:
        data = None
    if data is None:
        st.markdown("## :gray-background[:material/no_photography:]", width="content")
    else:
        st.image(thumbnail(data), width=THUMB_PX, alt="등록된 상품 사진")


def _open(product_id: str) -> None:
    st.query_params["product"] = product_id


# ── one product ──────────────────────────────────────────────────────────────────────────


def _opened(desk: Services, caller: Caller, product_id: str) -> None:
    st.button("상품 목록", key="defects-products", icon=":material/arrow_back:", type="tertiary",
              on_click=close, args=("product",))  # fmt: skip
    try:
        product = desk.tool(caller, "get_product", product_id=product_id)
    except SangdamError as error:
        st.info(plain(error.message), icon=":material/info:")
        return
    photos = desk.tool(caller, "list_product_photos", product_ids=[product_id])
    options = {"": "상품 전체", **{one.sku: one.name for one in product.options}}
    st.markdown(f"##### {plain(product.name)}", anchors=False)
    left, right = st.columns([3, 2], gap="large")
    with left:
        if not photos:
            st.caption("아직 사진이 없어요. 오른쪽에서 올려 주세요.")
        for one in photos:
            _photo(desk, caller, one, options)
    with right:
        _upload(desk, caller, product_id, options)


def _photo(desk: Services, caller: Caller, one: Any, options: Mapping[str, str]) -> None:
    with st.container(border=True, key=f"photo-{one.sku or 'own'}", gap="small"):
        with st.container(horizontal=True, wrap=False, gap="small"):
            _thumb(desk, one.product_id, has=True, sku=one.sku)
            with st.container(gap="xxsmall"):
                st.markdown(f"**{plain(options.get(one.sku, one.sku))}**")
                made = _MADE_BY.get(one.made_by, one.made_by)
                st.caption(f"{one.width_px}×{one.height_px} · {made} · {when(one.added_at)}")
        st.button("사진 지우기", key=f"photo-drop-{one.sku or 'own'}", icon=":material/delete:",
                  on_click=_remove, args=(desk, caller, one))  # fmt: skip


def _upload(desk: Services, caller: Caller, product_id: str, options: Mapping[str, str]) -> None:
    st.html(claim_photos.CSS)
    serial = st.session_state.setdefault("defects-upload-serial", 0)
    sku = st.selectbox(
        "어느 옵션의 사진인가요?", list(options), key=f"defects-sku-{product_id}",
        format_func=lambda one: options[one],
    )  # fmt: skip
    key = f"defects-upload-{product_id}-{serial}"
    file = st.file_uploader(
        f"사진 한 장 ({desk.settings.max_image_mb}MB까지)", key=key, type=claim_photos.TYPES
    )
    st.button(
        "상품 사진으로 쓰기", key="defects-set", type="primary", icon=":material/check:",
        disabled=file is None, on_click=_set, args=(desk, caller, product_id, sku, key),
    )  # fmt: skip
    st.caption("같은 상품이나 옵션의 사진이 있으면 새 사진으로 바뀌어요.")


def _set(desk: Services, caller: Caller, product_id: str, sku: str, key: str) -> None:
    file: Any = st.session_state.get(key)
    if file is None:
        return
    try:
        desk.photos.set_product_photo(caller, product_id, file.getvalue(), sku=sku)
    except SangdamError as error:
        flash("refused", error.message)
        return
    st.session_state["defects-upload-serial"] += 1  # an empty uploader for the next one
    flash("done", "상품 사진을 바꿨어요. 다음 확인부터 이 사진과 견주어요.")


def _remove(desk: Services, caller: Caller, one: Any) -> None:
    try:
        desk.photos.remove_product_photo(caller, one.product_id, sku=one.sku)
    except SangdamError as error:
        flash("refused", error.message)
    else:
        flash("done", "상품 사진을 지웠어요. 남은 사진이 없는 상품은 견주지 않고 확인해요.")
