"""`autograph presets`, `autograph webhooks` and `autograph deliveries`: what agents are run with, and by whom."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer
from rich.table import Table

from autograph.cli.output import (
    on_platform,
    out,
    print_json,
    print_plain,
    shown,
)
from autograph.graph.model import Json, is_object
from autograph.infra.errors import Invalid
from autograph.infra.json import decode

if TYPE_CHECKING:
    from autograph.bootstrap import Platform
    from autograph.features.integrations.models.webhooks import DeliveryRow, ShownWebhook
    from autograph.features.library.models import Preset
    from autograph.features.runs.models import Run

presets = typer.Typer(help="Agents with what they are run with.", no_args_is_help=True)
webhooks = typer.Typer(help="Where other systems send to.", no_args_is_help=True)
deliveries = typer.Typer(help="What other systems have sent.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept.")]
PresetId = Annotated[UUID, typer.Argument(help="Which preset.")]
WebhookId = Annotated[UUID, typer.Argument(help="Which webhook.")]
DeliveryId = Annotated[UUID, typer.Argument(help="Which delivery.")]
Limit = Annotated[int, typer.Option(help="How many.", min=1, max=200)]
Inputs = Annotated[str, typer.Option(help="The agent's inputs: a JSON object.")]
_FOREVER = timedelta(days=365)

T = TypeVar("T")


def _object(text: str, what: str) -> dict[str, Json]:
    found: Json = decode(text)
    if not is_object(found):
        raise Invalid(f"{what} is a JSON object.")
    return dict(found)


@presets.command("list")
def list_presets(limit: Limit = 50, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List presets, newest first."""
    page = on_platform(
        data_dir, lambda made: made.presets.list_page(made.owner, limit=limit), as_json=as_json
    )
    if as_json:
        print_json([_preset(one) for one in page.rows])
        return
    table = Table("id", "name", "graph", "starts by", box=None)
    for one in page.rows:
        by = "a word" if one.trigger is None else ("its trigger" if one.is_active else "off")
        table.add_row(str(one.id), one.name, str(one.graph_id), by)
    out.print(table)


@presets.command("create")
def create_preset(  # noqa: PLR0913 - each is an option of the command
    graph_id: Annotated[UUID, typer.Argument(help="Which agent.")],
    name: Annotated[str, typer.Option(help="What to call it.")],
    inputs: Inputs = "{}",
    credentials: Annotated[
        str, typer.Option(help="Ids of credentials by kind of access: a JSON object.")
    ] = "{}",
    trigger: Annotated[
        str | None,
        typer.Option(help="Let its trigger start it: values of the trigger's pins, a JSON object."),
    ] = None,
    node: Annotated[
        str | None,
        typer.Option(help="Id of the trigger node that is to start it, where there are several."),
    ] = None,
    sender: Annotated[
        str | None, typer.Option(help="Whose signatures a hand-made webhook proves.")
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Keep an agent with what it is run with; with --trigger or --node, listen."""

    async def work(made: Platform) -> tuple[Preset, ShownWebhook | None]:
        from autograph.features.library.models import Draft, TriggerSetup  # noqa: PLC0415 - heavy

        chosen = {key: UUID(one) for key, one in _object(credentials, "--credentials").items()}
        setup = None
        if trigger is not None or node is not None:
            setup = TriggerSetup(_object(trigger or "{}", "--trigger"), sender, node=node)
        draft = Draft(
            name=name,
            graph_id=graph_id,
            inputs=_object(inputs, "--inputs"),
            credentials=chosen,
            trigger=setup,
        )
        preset = await made.presets.create(made.owner, draft)
        return preset, await made.presets.webhook(made.owner, preset)

    preset, webhook = on_platform(data_dir, work, as_json=as_json)
    if as_json:
        print_json({**_preset(preset), "webhook": webhook and _webhook(webhook)})
        return
    print_plain(f"Preset {preset.id}")
    if webhook is not None:
        _print_webhook(webhook)


@presets.command("run")
def run_preset(
    preset_id: PresetId,
    inputs: Inputs = "{}",
    payload: Annotated[
        str | None, typer.Option(help="What arrives at its trigger: a JSON object.")
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Run an agent as a preset says, to its end."""

    async def work(made: Platform) -> Run:
        from autograph.features.runs.service import Extras  # noqa: PLC0415 - heavy

        brought = None if payload is None else _object(payload, "--payload")
        extras = Extras(inputs=_object(inputs, "--inputs"), payload=brought)
        run_id = await made.preset_runs.execute(made.owner, preset_id, extras)
        await made.runs.wait(made.owner, run_id, at_most=_FOREVER)
        return await made.runs.get(made.owner, run_id)

    from autograph.cli.runs import present, print_result  # noqa: PLC0415 - only here

    finished = on_platform(data_dir, work, as_json=as_json)
    if as_json:
        print_json(present(finished))
    else:
        print_result(finished)


@presets.command("delete")
def delete_preset(preset_id: PresetId, data_dir: DataDir = None) -> None:
    """Delete a preset; its webhook is taken down, at the provider, too."""
    on_platform(data_dir, lambda made: made.presets.delete(made.owner, preset_id), as_json=False)
    print_plain("Deleted.")


@webhooks.command("list")
def list_webhooks(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List webhooks, and how they are."""
    found = on_platform(
        data_dir, lambda made: made.integrations.webhooks.list_all(made.owner), as_json=as_json
    )
    if as_json:
        print_json([_webhook(one) for one in found])
        return
    table = Table("id", "provider", "listens to", "state", "last delivery", "why not", box=None)
    for one in found:
        webhook, health = one.webhook, one.webhook.health
        last = "" if health.last_delivery_at is None else health.last_delivery_at.isoformat()[:19]
        row = (str(webhook.id), webhook.provider, webhook.resource, health.state.value, last)
        table.add_row(*row, health.message or "")
    out.print(table)


@webhooks.command("show")
def show_webhook(webhook_id: WebhookId, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show a webhook's address, and how it is."""
    found = on_platform(
        data_dir,
        lambda made: made.integrations.webhooks.get(made.owner, webhook_id),
        as_json=as_json,
    )
    if as_json:
        print_json(_webhook(found))
    else:
        _print_webhook(found)


@webhooks.command("check")
def check_webhook(webhook_id: WebhookId, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Ask the provider whether it sends; what is not so is made so."""
    found = on_platform(
        data_dir,
        lambda made: made.integrations.webhooks.check(made.owner, webhook_id),
        as_json=as_json,
    )
    if as_json:
        print_json(_webhook(found))
    else:
        _print_webhook(found)


@webhooks.command("secret")
def show_secret(webhook_id: WebhookId, data_dir: DataDir = None) -> None:
    """Print what signs the deliveries of a webhook that is set up by hand."""
    print_plain(
        on_platform(
            data_dir,
            lambda made: made.integrations.webhooks.secret(made.owner, webhook_id),
            as_json=False,
        )
    )


@deliveries.command("list")
def list_deliveries(limit: Limit = 20, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List what came, newest first, and what became of it."""
    page = on_platform(
        data_dir,
        lambda made: made.integrations.deliveries.list_page(made.owner, limit=limit),
        as_json=as_json,
    )
    if as_json:
        print_json([_delivery(one) for one in page.rows])
        return
    table = Table("id", "at", "event", "became", box=None)
    for one in page.rows:
        became = "; ".join(f"{_one.status}: {_one.run_id or _one.message}" for _one in one.starts)
        table.add_row(str(one.id), one.received_at.isoformat()[:19], one.event, became)
    out.print(table)


@deliveries.command("show")
def show_delivery(delivery_id: DeliveryId, data_dir: DataDir = None) -> None:
    """Print what a delivery brought, as runs are given it."""
    _, found = on_platform(
        data_dir,
        lambda made: made.integrations.deliveries.get(made.owner, delivery_id),
        as_json=False,
    )
    from autograph.features.integrations.service.deliveries import (  # noqa: PLC0415 - heavy
        brought_by,
    )

    print_plain(shown(brought_by(found)))


@deliveries.command("replay")
def replay(delivery_id: DeliveryId, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Take a delivery once more; its runs are started anew when a process is up."""
    found = on_platform(
        data_dir,
        lambda made: made.integrations.deliveries.replay(made.owner, delivery_id),
        as_json=as_json,
    )
    if as_json:
        print_json(_delivery(found))
    else:
        print_plain(f"Delivery {found.id}")


def _print_webhook(one: ShownWebhook) -> None:
    health = one.webhook.health
    print_plain(f"Webhook {one.webhook.id}  ({one.webhook.provider}, {health.state.value})")
    print_plain(f"Address: {one.url}")
    for line in (one.guide, health.message):
        if line:
            print_plain(line)


def _preset(one: Preset) -> dict[str, Json]:
    return {
        "id": str(one.id),
        "name": one.name,
        "graph_id": str(one.graph_id),
        "version": one.version,
        "inputs": one.inputs,
        "has_trigger": one.trigger is not None,
        "trigger_node": one.trigger and one.trigger.node,
        "is_active": one.is_active,
    }


def _webhook(one: ShownWebhook) -> dict[str, Json]:
    from autograph.api.rest.webhooks import WebhookAnswer  # noqa: PLC0415 - heavy

    return WebhookAnswer.of(one).model_dump(mode="json")


def _delivery(one: DeliveryRow) -> dict[str, Json]:
    from autograph.api.rest.webhooks import DeliveryAnswer  # noqa: PLC0415 - heavy

    return DeliveryAnswer.of(one).model_dump(mode="json")
