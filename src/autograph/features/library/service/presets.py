"""Use cases of presets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from autograph.features.accounts.models import Principal
from autograph.features.agents.repository import GraphRepository
from autograph.features.integrations.errors import CredentialNotFound
from autograph.features.integrations.models import Credential
from autograph.features.integrations.models.webhooks import ShownWebhook, Wish
from autograph.features.integrations.service import CredentialService, WebhookService
from autograph.features.library.errors import PresetInvalid
from autograph.features.library.models import Draft, Preset, PresetPage, Trigger, TriggerSetup
from autograph.features.library.repository import PresetRepository
from autograph.graph.coerce import CoercionError, compile_coercer, show
from autograph.graph.credentials import needs_of
from autograph.graph.model import Graph, Json, Node, is_object
from autograph.graph.schemas import (
    check_inputs,
    credentials_schema,
    input_schema,
    triggers,
)
from autograph.graph.spec import BlockSpec, TriggerSpec
from autograph.infra.clock import Clock
from autograph.infra.errors import UserError
from autograph.infra.ids import new_id
from autograph.infra.json import canonical

MAX_PAGE: Final = 200
_MAX_NAME: Final = 200
_MAX_DESCRIPTION: Final = 5_000
_NOTHING: Final[tuple[Json, ...]] = (None, "", {})
"""What a pin that needs a value may not have."""


class PresetService:
    """Keeps presets; those with a trigger listen."""

    def __init__(
        self,
        presets: PresetRepository,
        graphs: GraphRepository,
        specs: Mapping[str, BlockSpec],
        credentials: CredentialService,
        webhooks: WebhookService,
        clock: Clock,
    ) -> None:
        """Use all of them."""
        self._presets = presets
        self._graphs = graphs
        self._specs = specs
        self._credentials = credentials
        self._webhooks = webhooks
        self._clock = clock

    async def create(self, principal: Principal, draft: Draft) -> Preset:
        """Keep a preset; where it has a trigger, its provider is asked to send.

        Raises:
            GraphNotFound: There is no such agent.
            PresetInvalid: Parts of it do not fit the agent; `details.errors` has them.
            InvalidInputs: Inputs do not fit.
            WebhookInvalid: The trigger cannot be listened to.
            UserError: The provider does not take it; the message has its own words, and nothing is kept.
        """
        preset_id, now = new_id(), self._clock.now()
        draft, wish = await self._fitted(principal, draft)
        preset = Preset(
            id=preset_id,
            user_id=principal.user_id,
            name=draft.name,
            description=draft.description,
            graph_id=draft.graph_id,
            version=draft.version,
            inputs=draft.inputs,
            credentials=draft.credentials,
            trigger=draft.trigger,
            is_active=draft.is_active,
            created_at=now,
            updated_at=now,
        )
        await self._presets.add(preset)
        if wish is not None:
            try:
                await self._webhooks.attach(principal, preset_id, wish)
            except UserError:
                await self._presets.delete(principal.user_id, preset_id)
                raise
        return preset

    async def change(self, principal: Principal, preset_id: UUID, draft: Draft) -> Preset:
        """Keep a preset as it is wanted now; a trigger that listens to something else is set up anew.

        Raises:
            PresetNotFound: There is none.
            GraphNotFound: There is no such version of its agent.
            PresetInvalid: Parts of it do not fit the agent.
            InvalidInputs: Inputs do not fit.
            WebhookInvalid: The trigger cannot be listened to.
            WebhookRefused: The provider does not take it; all is as it was.
        """
        before = await self._presets.get(principal.user_id, preset_id)
        draft, wish = await self._fitted(principal, replace(draft, graph_id=before.graph_id))
        after = replace(
            before,
            name=draft.name,
            description=draft.description,
            version=draft.version,
            inputs=draft.inputs,
            credentials=draft.credentials,
            trigger=draft.trigger,
            is_active=draft.is_active,
            updated_at=self._clock.now(),
        )
        if wish is None:
            await self._presets.change(after)
            await self._webhooks.detach(principal, preset_id)
            return after
        listens_as_before = (before.trigger, before.credentials) == (
            draft.trigger,
            draft.credentials,
        )
        if not listens_as_before or draft.secret is not None or before.version != draft.version:
            await self._listen_anew(principal, before, wish)
        elif before.is_active != draft.is_active:
            await self._webhooks.switch(principal, preset_id, is_active=draft.is_active)
        await self._presets.change(after)
        return after

    async def _listen_anew(self, principal: Principal, before: Preset, wish: Wish) -> None:
        try:
            await self._webhooks.attach(principal, before.id, wish)
        except UserError:
            _, old = await self._fitted(principal, _as_draft(before))
            if old is not None:
                await self._webhooks.attach(principal, before.id, old)
            raise

    async def get(self, principal: Principal, preset_id: UUID) -> Preset:
        """Return a preset.

        Raises:
            PresetNotFound: There is none.
        """
        return await self._presets.get(principal.user_id, preset_id)

    async def webhook(self, principal: Principal, preset: Preset) -> ShownWebhook | None:
        """Return what a preset listens to; None where it has no trigger."""
        if preset.trigger is None:
            return None
        return await self._webhooks.of_trigger(principal, preset.id)

    async def triggers(
        self, principal: Principal, graph_id: UUID, version: int | None = None
    ) -> Sequence[Trigger]:
        """Return what can start an agent besides its person, in the graph's order.

        Raises:
            GraphNotFound: There is no such version of it.
        """
        graph = (await self._graphs.get(principal, graph_id, version)).graph
        return [
            _shown(node, spec, spec.trigger)
            for node, spec in triggers(graph, self._specs)
            if spec.trigger is not None
        ]

    async def list_page(
        self,
        principal: Principal,
        *,
        limit: int = 50,
        before: UUID | None = None,
        graph_id: UUID | None = None,
    ) -> PresetPage:
        """Return a page of a person's presets, newest first."""
        limit = min(limit, MAX_PAGE)
        rows = await self._presets.list_page(
            principal.user_id, limit=limit, before=before, graph_id=graph_id
        )
        return PresetPage(rows, rows[-1].id if len(rows) == limit else None)

    async def delete(self, principal: Principal, preset_id: UUID) -> None:
        """Delete a preset; its trigger is taken down, at the provider, too.

        Raises:
            PresetNotFound: There is none.
        """
        await self._presets.delete(principal.user_id, preset_id)
        await self._webhooks.detach(principal, preset_id)

    async def _fitted(self, principal: Principal, draft: Draft) -> tuple[Draft, Wish | None]:
        """Return a draft as it is kept, and what its trigger listens to.

        Raises:
            PresetInvalid: Parts of it do not fit the agent.
        """
        name = " ".join(draft.name.split())
        if not name or len(name) > _MAX_NAME or len(draft.description) > _MAX_DESCRIPTION:
            raise PresetInvalid(
                f"A preset has a name of 1 to {_MAX_NAME} characters, and a description of at most "
                f"{_MAX_DESCRIPTION}."
            )
        graph = (await self._graphs.get(principal, draft.graph_id, draft.version)).graph
        inputs = self._inputs(graph, draft)
        credentials = await self._checked_credentials(principal, graph, draft.credentials)
        fitted = replace(draft, name=name, inputs=inputs)
        if draft.trigger is None:
            return fitted, None
        node, spec, listens = self._trigger_of(graph, draft.trigger.node)
        config = self._config(node, spec, draft.trigger.config)
        setup = replace(draft.trigger, config=config)
        wish = self._wish(fitted, setup, (node, spec, listens), credentials, graph)
        return replace(fitted, trigger=setup), wish

    def _inputs(self, graph: Graph, draft: Draft) -> Mapping[str, Json]:
        """Return inputs as the agent takes them; where a trigger starts it, nobody is there to add any."""
        schema: dict[str, Json] = input_schema(graph, self._specs)
        if draft.trigger is None:
            schema["required"] = []
        fitted: Mapping[str, Json] = canonical(check_inputs(schema, draft.inputs))[1]
        return fitted

    async def _checked_credentials(
        self, principal: Principal, graph: Graph, chosen: Mapping[str, UUID]
    ) -> Mapping[str, Credential]:
        takes = credentials_schema(graph, self._specs)["properties"]
        found: dict[str, Credential] = {}
        errors: dict[str, str] = {}
        for key, credential_id in chosen.items():
            if key not in takes:
                errors[key] = f"The agent takes: {', '.join(takes) or 'no credentials'}."
                continue
            try:
                one = await self._credentials.get(principal, credential_id)
            except CredentialNotFound as error:
                errors[key] = error.message
                continue
            wanted = takes[key]
            if one.provider not in wanted["credentials_provider"] or (
                one.kind.value not in wanted["credentials_types"]
            ):
                errors[key] = f"{one.title!r} is for {one.provider} ({one.kind.value})."
            found[key] = one
        if errors:
            raise _invalid("credentials", errors)
        return found

    def _trigger_of(self, graph: Graph, wanted: str | None) -> tuple[Node, BlockSpec, TriggerSpec]:
        found = triggers(graph, self._specs)
        if not found:
            raise PresetInvalid(
                f"{graph.name!r} has no trigger, and one is needed: place one trigger block in it."
            )
        chosen = [(node, spec) for node, spec in found if wanted in {None, node.id}]
        if len(chosen) != 1:
            there = ", ".join(f"{node.id} ({node.name or spec.name})" for node, spec in found)
            raise PresetInvalid(
                f"{graph.name!r} has {len(found)} triggers. Choose one of these nodes: {there}."
                if wanted is None
                else f"{graph.name!r} has no trigger node {wanted}. It has: {there}.",
                errors={"trigger": {"node": f"One of: {there}."}},
                triggers=[node.id for node, _ in found],
            )
        node, spec = chosen[0]
        if spec.trigger is None:
            raise PresetInvalid(
                f"{spec.name} does not say what it listens to; use another trigger."
            )
        return node, spec, spec.trigger

    def _config(
        self, node: Node, spec: BlockSpec, config: Mapping[str, Json]
    ) -> Mapping[str, Json]:
        errors: dict[str, str] = {}
        fitted: dict[str, Json] = {}
        own = _own_pins(spec)
        for name, value in config.items():
            if name not in own:
                errors[name] = f"{spec.name} takes: {', '.join(own) or 'nothing'}."
                continue
            coercer = compile_coercer(own[name])
            try:
                fitted[name] = value if coercer is None else coercer(value)
            except CoercionError as error:
                errors[name] = f"Expected {error.expected}, got {show(error.value)}."
        for name in spec.input_schema.get("required", []):
            if name in own and {**node.constants, **fitted}.get(name) in _NOTHING:
                errors.setdefault(name, "This needs a value.")
        if errors:
            raise _invalid("trigger", errors)
        kept: Mapping[str, Json] = canonical(fitted)[1]
        return kept

    def _wish(
        self,
        draft: Draft,
        setup: TriggerSetup,
        of: tuple[Node, BlockSpec, TriggerSpec],
        credentials: Mapping[str, Credential],
        graph: Graph,
    ) -> Wish:
        node, spec, listens = of
        defaults = {name: pin.get("default") for name, pin in spec.input_pins.items()}
        values = {**defaults, **node.constants, **setup.config}
        events: tuple[str, ...] | None = None
        if listens.filter_pin:
            picked = values.get(listens.filter_pin)
            events = tuple(
                listens.event.format(event=name)
                for name, is_wanted in (picked.items() if is_object(picked) else ())
                if is_wanted is True
            )
        elif "{event}" not in listens.event:
            events = (listens.event,)
        options: dict[str, Json] = {}
        if setup.sender is not None:
            options["sender"] = setup.sender
        if setup.signature is not None:
            options["signature"] = dict(setup.signature)
        credential_id = None
        if listens.is_automatic:
            if options or draft.secret is not None:
                raise _invalid("trigger", {"signature": f"{listens.provider} brings its own."})
            credential_id = self._credential_of(node, graph, credentials)
        return Wish(
            provider=listens.provider,
            kind=listens.kind,
            resource=(listens.resource or "").format_map(_Texts(values)),
            events=events,
            credential_id=credential_id,
            options=options,
            secret=draft.secret,
            is_active=draft.is_active,
        )

    def _credential_of(
        self, node: Node, graph: Graph, credentials: Mapping[str, Credential]
    ) -> UUID:
        for need in needs_of(graph, self._specs):
            for pin in need.pins:
                if pin.node_id != node.id:
                    continue
                if need.name in credentials:
                    return credentials[need.name].id
                named = None if pin.constant is None else _as_id(pin.constant.get("id"))
                if named is not None:
                    return named
                why = "The trigger needs one to set the webhook up."
                raise _invalid("credentials", {need.name: why})
        raise PresetInvalid("The trigger has no pin for a credential to set the webhook up with.")


def _shown(node: Node, spec: BlockSpec, listens: TriggerSpec) -> Trigger:
    pins: dict[str, Json] = {
        name: {**pin, "default": node.constants.get(name, pin.get("default"))}
        for name, pin in _own_pins(spec).items()
    }
    required = [
        name
        for name in spec.input_schema.get("required", [])
        if name in pins and node.constants.get(name) in _NOTHING
    ]
    schema = {"type": "object", "properties": pins, "required": required}
    return Trigger(node.id, node.name, spec.name, listens.provider, listens.is_automatic, schema)


def _own_pins(spec: BlockSpec) -> dict[str, Json]:
    """Return the pins of a trigger that a preset may set."""
    return {
        name: pin
        for name, pin in spec.input_pins.items()
        if name not in spec.credential_fields and name != "payload"
    }


def _as_id(text: Json) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


class _Texts(dict[str, Json]):
    """Values as they stand in a resource; what is not there is empty."""

    def __missing__(self, name: str) -> str:
        return ""


def _invalid(part: str, errors: Mapping[str, str]) -> PresetInvalid:
    listed = "; ".join(f"{name}: {message}" for name, message in errors.items())
    return PresetInvalid(f"The preset was not kept. {part}: {listed}", errors={part: dict(errors)})


def _as_draft(preset: Preset) -> Draft:
    return Draft(
        name=preset.name,
        graph_id=preset.graph_id,
        description=preset.description,
        version=preset.version,
        inputs=preset.inputs,
        credentials=preset.credentials,
        trigger=preset.trigger,
        is_active=preset.is_active,
    )
