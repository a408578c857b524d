"""Customers: one's own profile, finding a customer (staff), the default address."""

from __future__ import annotations

from dataclasses import dataclass

from agent.shop.address import checked_address, checked_zip
from agent.tools.base import ToolContext, clean, tool
from errors import BadInput, NotFound, StateChanged
from store import accounts, orders, payment_methods
from store.models import PaymentMethod, User

__all__ = [
    "Address",
    "Customer",
    "change_customer_address",
    "find_customer",
    "get_customer",
    "list_payment_methods",
]

NOT_FOUND = "해당 고객을 찾을 수 없어요. 고객 번호나 이메일을 다시 확인해 주세요."
MOST_ORDERS = 100


@dataclass(frozen=True, slots=True)
class Address:
    """Where a customer lives; every part may be empty."""

    zip: str
    road: str
    detail: str


@dataclass(frozen=True, slots=True)
class Customer:
    """A profile: who it is, where parcels go, how they pay, their newest 100 order numbers."""

    user_id: str
    name: str
    email: str
    phone: str
    address: Address
    payment_methods: tuple[PaymentMethod, ...]
    order_ids: tuple[str, ...]


@tool("READ")
def get_customer(ctx: ToolContext, *, customer_id: str | None = None) -> Customer:
    """The caller's own profile; for staff any customer's.

    Raises NotSignedIn for a guest, NotFound for a missing one and somebody else's alike.
    """
    return _customer(ctx, _account(ctx, customer_id))


@tool("READ")
def find_customer(
    ctx: ToolContext, *, email: str = "", name: str = "", zip_code: str = ""
) -> Customer:
    """A customer by e-mail, or by exact name and postal code; upper and lower case are one.

    For staff only: raises Forbidden for others, NotFound, and BadInput when neither is given
    or several customers share the name and the postal code.
    """
    ctx.require_staff()
    name, zip_code = " ".join(name.split()), zip_code.strip()
    if email.strip():
        found = accounts.by_email(ctx.tx, email)
        matches = [found] if found else []
    elif name and zip_code:
        matches = accounts.find_by_name_zip(ctx.tx, name, zip_code)
    else:
        raise BadInput("이메일을 적거나, 이름과 우편번호를 함께 적어 주세요.")
    matches = [user for user in matches if user.role == "customer"]
    if len(matches) > 1:
        raise BadInput("이름과 우편번호가 같은 고객이 여러 명이에요. 이메일로 찾아 주세요.")
    if not matches:
        raise NotFound("맞는 고객이 없어요. 이메일이나, 이름과 우편번호를 다시 확인해 주세요.")
    return _customer(ctx, matches[0])


@tool("READ")
def list_payment_methods(
    ctx: ToolContext, *, customer_id: str | None = None
) -> list[PaymentMethod]:
    """The caller's registered payment methods in their order; for staff any customer's.

    Raises as ``get_customer``.
    """
    return payment_methods.of_user(ctx.tx, _account(ctx, customer_id).user_id)


@tool("WRITE")
def change_customer_address(
    ctx: ToolContext,
    *,
    road: str,
    detail: str = "",
    zip_code: str = "",
    customer_id: str | None = None,
    shown_road: str | None = None,
) -> Customer:
    """Change the caller's default address; for staff any customer's. Orders keep theirs.

    ``shown_road`` is the street the change was based on. Raises as ``get_customer``, BadInput
    for an address without a street or a wrong postal code, StateChanged when the address is
    not the one shown any more.
    """
    user = _account(ctx, customer_id)
    if shown_road is not None and shown_road != user.road:
        raise StateChanged("그사이 기본 배송지가 바뀌었어요. 바뀐 내용을 다시 확인해 주세요.")
    road, detail = checked_address(clean(road), clean(detail))
    zip_code = checked_zip(zip_code)
    accounts.change_address(ctx.tx, user.user_id, zip_code=zip_code, road=road, detail=detail)
    # In clear, as an order's is: who moved a parcel's destination must stay provable.
    before = {"zip": user.zip, "road": user.road, "detail": user.detail}
    after = {"zip": zip_code, "road": road, "detail": detail}
    ctx.audit("change_customer_address", "user", user.user_id, before, after)
    return _customer(ctx, _account(ctx, user.user_id))


def _account(ctx: ToolContext, customer_id: str | None) -> User:
    """The account that is meant, if the caller may see it. Raises NotSignedIn, NotFound."""
    me = ctx.me()
    wanted = me if customer_id is None else customer_id
    user = accounts.get(ctx.tx, wanted) if wanted == me or ctx.caller.is_staff else None
    # Colleagues are no customers: staff see their own account and customers'.
    if user is None or (wanted != me and user.role != "customer"):
        raise NotFound(NOT_FOUND)
    return user


def _customer(ctx: ToolContext, user: User) -> Customer:
    own = orders.find(ctx.tx, user_id=user.user_id, limit=MOST_ORDERS)
    return Customer(
        user.user_id, user.name, user.email, user.phone,
        Address(user.zip, user.road, user.detail),
        tuple(payment_methods.of_user(ctx.tx, user.user_id)),
        tuple(order.order_id for order in own),
    )  # fmt: skip
