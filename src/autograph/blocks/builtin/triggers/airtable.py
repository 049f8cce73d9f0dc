"""A trigger for what changes in a base on Airtable."""

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
    BlockError,
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
    HostScopedSecret,
    HttpRequest,
    Json,
    Outputs,
    Scope,
    TriggerSpec,
    credential_pin,
    is_object,
    pin,
)

_API: Final = "https://api.airtable.com/v0"
_MAX_PAGES: Final = 100


class AirtableWebhookTriggerInput(BlockInput):
    """Where to listen, and for what."""

    credentials: CredentialRef = credential_pin(
        "airtable",
        kinds=["api_key", "oauth2"],
        description="Who sets the webhook up; their access covers `webhook:manage`.",
    )
    base_id: str = pin(description="The base.", placeholder="app…")
    table_id_or_name: str = pin(description="The table.", placeholder="tbl…")
    payload: Entries = payload_pin()
    events: Choice = events_pin("tableData", "tableFields", "tableMetadata")


class AirtableWebhookTriggerOutput(BlockOutput):
    """What changed."""

    payload: Entries = pin(description="One change, as Airtable describes it; one after the other.")


class AirtableWebhookTrigger(Block[AirtableWebhookTriggerInput]):
    """Starts an agent by a change in a table.

    Airtable says no more than that something has changed: what it was is fetched here, from where the last run
    of the agent has stopped.
    """

    id = "d0180ce6-ccb9-48c7-8256-b39e93e62801"
    name = "AirtableWebhookTrigger"
    description = "Starts the agent when records, fields or settings of a table change."
    categories = (Category.DATA, Category.INPUT)
    kind = BlockKind.WEBHOOK
    effect = Effect.IDEMPOTENT
    costs = (Cost(1, CostKind.RUN),)
    trigger = TriggerSpec("airtable", "not-used", "{base_id}/{table_id_or_name}", "events")
    Input = AirtableWebhookTriggerInput
    Output = AirtableWebhookTriggerOutput
    examples = (
        Example(
            {
                "credentials": {"id": "c", "provider": "airtable", "type": "api_key"},
                "base_id": "app1",
                "table_id_or_name": "tbl1",
                "events": {"tableData": True},
                "payload": {"changedTablesById": {"tbl1": {}}},
            },
            [("payload", {"changedTablesById": {"tbl1": {}}})],
        ),
        Example(
            {
                "credentials": {"id": "c", "provider": "airtable", "type": "api_key"},
                "base_id": "app1",
                "table_id_or_name": "tbl1",
                "events": {"tableData": True},
            },
            [],
            error="none has brought anything",
        ),
    )

    async def run(self, input: AirtableWebhookTriggerInput, ctx: Context) -> Outputs:
        """Yield each change.

        Raises:
            BlockError: Airtable refuses to tell what changed.
        """
        payload = brought(input.payload, self.name)
        webhook = text(part(payload, "webhook"), "id")
        if not webhook:  # brought by hand: it is the change itself
            yield "payload", payload
            return
        key = f"airtable:{webhook}:{ctx.node_id}"[:512]
        cursor = await ctx.store.get(key, scope=Scope.AGENT) or 1
        for _ in range(_MAX_PAGES):
            page = await _page(input, ctx, webhook, cursor)
            changes: list[Json] = page.get("payloads") or []
            for one in changes:
                yield "payload", one
            cursor = page.get("cursor") or cursor
            if not page.get("mightHaveMore"):
                break
        await ctx.store.set(key, cursor, scope=Scope.AGENT)


async def _page(
    input: AirtableWebhookTriggerInput, ctx: Context, webhook: str, cursor: Json
) -> Entries:
    """Return some changes.

    Raises:
        BlockError: Airtable refuses.
    """
    secret = await ctx.credential(input.credentials)
    headers = {} if isinstance(secret, HostScopedSecret) else secret.headers()
    url = f"{_API}/bases/{input.base_id}/webhooks/{webhook}/payloads"
    answer = await ctx.http.send(HttpRequest("GET", url, headers, {"cursor": str(cursor)}))
    if not answer.is_ok:
        raise BlockError(f"Airtable answers {answer.status}: {answer.text[:500]}")
    page = answer.json()
    return dict(page) if is_object(page) else {}
