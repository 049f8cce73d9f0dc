"""What Slant 3D's blocks need and its pack cannot say: an order is a line for each thing, customer and all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.packs.selectors import Filter
from autograph.blocks.sdk import BlockError, Outputs
from autograph.graph.model import Json, is_list, is_object

_CUSTOMER: Final = ("name", "email", "phone", "address", "city", "state", "zip")


def price(value: Json) -> Json:
    """Return a price as a number: `$8.23` is 8.23."""
    return float(str(value).replace("$", "").replace(",", ""))


def texts(value: Json) -> Json:
    """Return ids as texts."""
    return [str(one) for one in value] if is_list(value) else []


async def create(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Order, and pay."""
    answer = await api.send("POST /order", body=_lines(pins, api))
    yield "order_id", str(answer.json["orderId"])


async def estimate(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Tell what an order would cost."""
    found = (await api.send("POST /order/estimate", body=_lines(pins, api))).json
    yield "total_price", found["totalPrice"]
    yield "shipping_cost", found["shippingCost"]
    yield "printing_cost", found["printingCost"]


async def estimate_shipping(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Tell what the way there would cost."""
    found = (await api.send("POST /order/estimateShipping", body=_lines(pins, api))).json
    yield "shipping_cost", found["shippingCost"]
    yield "currency_code", found["currencyCode"]


def _lines(pins: Mapping[str, Json], api: Api) -> list[Json]:
    """Return an order as the API takes it.

    Raises:
        BlockError: Nothing is ordered, or something that is needed is not there.
    """
    if not pins["items"]:
        raise BlockError("items: an order has one thing at least.", code="block.bad_input")
    number = pins.get("order_number") or api.ctx.idempotency_key
    customer = _with("customer", pins["customer"], _CUSTOMER)
    return [_line(number, customer, _with("items", one, ("file_url",))) for one in pins["items"]]


def _with(pin: str, value: Json, needed: Sequence[str]) -> Mapping[str, Any]:
    """Return an object that has all that is needed.

    Raises:
        BlockError: Something is not there.
    """
    table: Mapping[str, Any] = value if is_object(value) else {}
    for name in needed:
        if not table.get(name):
            raise BlockError(f"{pin}.{name}: this needs a value.", code="block.bad_input")
    return table


def _line(number: Json, customer: Mapping[str, Any], thing: Mapping[str, Any]) -> Json:
    name = unquote(str(thing["file_url"]).partition("?")[0]).rsplit("/", 1)[-1] or "model.stl"
    line: dict[str, Json] = {
        "email": customer["email"],
        "phone": customer["phone"],
        "name": customer["name"],
        "orderNumber": number,
        "filename": name,
        "fileURL": thing["file_url"],
        "ship_to_name": customer["name"],
        "order_item_name": name,
        "order_quantity": str(thing.get("quantity", "1")),
        "order_image_url": thing.get("image_url", ""),
        "order_sku": thing.get("sku", ""),
        "order_item_color": thing.get("color", "white"),
        "profile": thing.get("profile", "PLA"),
    }
    for way in ("bill_to", "ship_to"):
        line |= {
            f"{way}_street_1": customer["address"],
            f"{way}_city": customer["city"],
            f"{way}_state": customer["state"],
            f"{way}_zip": customer["zip"],
            f"{way}_country_as_iso": customer.get("country_iso", "US"),
            f"{way}_is_US_residential": "true" if customer.get("is_residential", True) else "false",
        }
    return line


FILTERS: Final[Mapping[str, Filter]] = {"price": price, "texts": texts}
ACTIONS: Final[Mapping[str, Whole]] = {
    "create": create,
    "estimate": estimate,
    "estimate_shipping": estimate_shipping,
}
