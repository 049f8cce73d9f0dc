"""Triggers for orders at Slant 3D, and for websets at Exa."""

from __future__ import annotations

from typing import Final

from autograph.blocks.builtin.triggers.events import (
    Choice,
    Entries,
    brought,
    events_pin,
    part,
    payload_pin,
    text,
)
from autograph.blocks.sdk import (
    Block,
    BlockInput,
    BlockKind,
    BlockOutput,
    Category,
    Context,
    Cost,
    CostKind,
    CredentialRef,
    Effect,
    Example,
    Outputs,
    TriggerSpec,
    credential_pin,
    pin,
)

_WEBSET_EVENTS: Final = {
    "webset_created": True,
    "webset_deleted": False,
    "webset_paused": False,
    "webset_idle": False,
    "search_created": True,
    "search_completed": True,
    "search_canceled": False,
    "search_updated": False,
    "item_created": True,
    "item_enriched": True,
    "export_created": False,
    "export_completed": True,
    "import_created": False,
    "import_completed": True,
    "import_processing": False,
}


class Slant3DOrderWebhookInput(BlockInput):
    """Whose orders."""

    credentials: CredentialRef = credential_pin(
        "slant3d", kinds=["api_key"], description="Whose orders they are."
    )
    payload: Entries = payload_pin()
    events: Choice = events_pin("shipped", defaults={"shipped": True})


class Slant3DOrderWebhookOutput(BlockOutput):
    """What became of an order."""

    payload: Entries = pin(description="The whole delivery, as Slant 3D describes it.")
    order_id: str = pin(description="The order.")
    status: str = pin(description="Where it is: `SHIPPED`.")
    tracking_number: str = pin(description="By what the parcel is found.")
    carrier_code: str = pin(description="Who carries it.")


class Slant3DOrderWebhook(Block[Slant3DOrderWebhookInput]):
    """Starts an agent when an order is on its way."""

    id = "8a74c2ad-0104-4640-962f-26c6b69e58cd"
    name = "Slant3DOrderWebhook"
    description = "Starts the agent when an order of printed parts is on its way."
    categories = (Category.DEVELOPER_TOOLS,)
    kind = BlockKind.WEBHOOK
    effect = Effect.PURE
    costs = (Cost(1, CostKind.RUN),)
    trigger = TriggerSpec("slant3d", "orders", "", "events", "order.{event}")
    Input = Slant3DOrderWebhookInput
    Output = Slant3DOrderWebhookOutput
    examples = (
        Example(
            {
                "credentials": {"id": "c", "provider": "slant3d", "type": "api_key"},
                "payload": {"orderId": "7", "status": "SHIPPED", "carrierCode": "usps"},
            },
            [
                ("payload", {"orderId": "7", "status": "SHIPPED", "carrierCode": "usps"}),
                ("order_id", "7"),
                ("status", "SHIPPED"),
                ("tracking_number", ""),
                ("carrier_code", "usps"),
            ],
        ),
    )

    async def run(self, input: Slant3DOrderWebhookInput, ctx: Context) -> Outputs:
        """Yield what became of the order."""
        payload = brought(input.payload, self.name)
        yield "payload", payload
        yield "order_id", text(payload, "orderId")
        yield "status", text(payload, "status")
        yield "tracking_number", text(payload, "trackingNumber")
        yield "carrier_code", text(payload, "carrierCode")


class ExaWebsetWebhookInput(BlockInput):
    """Which websets."""

    credentials: CredentialRef = credential_pin(
        "exa", kinds=["api_key"], description="Whose websets they are."
    )
    webhook_url: str = pin("", description="Kept for old agents; the platform has its own address.")
    webset_id: str = pin("", description="One webset; empty for all of them.")
    event_filter: Choice = events_pin(*_WEBSET_EVENTS, defaults=_WEBSET_EVENTS)
    payload: Entries = payload_pin()


class ExaWebsetWebhookOutput(BlockOutput):
    """What happened to a webset."""

    event_type: str = pin(description="What happened, such as `webset.created`.")
    event_id: str = pin(description="By what this event is known.")
    webset_id: str = pin(description="The webset.")
    data: Entries = pin(description="What it happened to.")
    timestamp: str = pin(description="When.")
    metadata: Entries = pin(description="What else is said about it.")


class ExaWebsetWebhook(Block[ExaWebsetWebhookInput]):
    """Starts an agent when a webset changes."""

    id = "d0204ed8-8b81-408d-8b8d-ed087a546228"
    name = "ExaWebsetWebhook"
    description = "Starts the agent when a search of Exa for a set of web pages comes to something."
    categories = (Category.INPUT,)
    kind = BlockKind.WEBHOOK
    effect = Effect.PURE
    trigger = TriggerSpec("exa", "webset", "{webset_id}", "event_filter")
    Input = ExaWebsetWebhookInput
    Output = ExaWebsetWebhookOutput
    examples = (
        Example(
            {
                "credentials": {"id": "c", "provider": "exa", "type": "api_key"},
                "payload": {
                    "id": "e1",
                    "type": "webset.created",
                    "data": {"id": "w1"},
                    "createdAt": "2026-01-02T03:04:05Z",
                },
            },
            [
                ("event_type", "webset.created"),
                ("event_id", "e1"),
                ("webset_id", "w1"),
                ("data", {"id": "w1"}),
                ("timestamp", "2026-01-02T03:04:05Z"),
                ("metadata", {}),
            ],
        ),
    )

    async def run(self, input: ExaWebsetWebhookInput, ctx: Context) -> Outputs:
        """Yield what happened."""
        payload = brought(input.payload, self.name)
        data = part(payload, "data")
        yield "event_type", text(payload, "type")
        yield "event_id", text(payload, "id")
        yield "webset_id", text(data, "websetId") or text(data, "id") or input.webset_id
        yield "data", data
        yield "timestamp", text(payload, "createdAt")
        yield "metadata", part(payload, "metadata")
