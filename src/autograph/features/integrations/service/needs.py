"""Which credentials an agent needs, which of a person's serve, and what a run is started with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from autograph.features.accounts.models import Principal
from autograph.features.integrations.errors import CredentialEnded, CredentialsMissing
from autograph.features.integrations.models import Credential, CredentialKind, NeedState
from autograph.features.integrations.service.parts import Parts, require_good
from autograph.graph.credentials import CredentialNeed, CredentialPin
from autograph.graph.model import is_object
from autograph.infra.json import Json

Chosen = Mapping[str, Json]
"""What a person chose for a run, by the name of a need: a reference, or an id."""


class NeedService:
    """Lays what a person has beside what an agent needs."""

    def __init__(self, parts: Parts) -> None:
        """Stand on `parts`."""
        self._credentials = parts.credentials
        self._providers = parts.providers
        self._system = parts.system
        self._clock = parts.clock

    async def states(
        self, principal: Principal, needs: Sequence[CredentialNeed]
    ) -> Sequence[NeedState]:
        """Return for each need what serves it, and which nodes would not start as they are."""
        desk = await self._desk(principal, needs)
        return [desk.state(need) for need in needs]

    async def choose(
        self, principal: Principal, needs: Sequence[CredentialNeed], chosen: Chosen
    ) -> Mapping[str, Mapping[str, Json]]:
        """Return what is laid over the nodes of a run: `{node: {pin: reference}}`.

        Raises:
            CredentialsMissing: Nodes would not start; `details.errors` has `{node: {pin: why}}`.
        """
        unknown = set(chosen) - {need.name for need in needs}
        if unknown:
            takes = ", ".join(need.name for need in needs) or "none"
            why = dict.fromkeys(unknown, f"The agent needs no such credential. It needs: {takes}.")
            raise CredentialsMissing(f"The run was not started. {_listed(why)}", errors={"": why})
        if not needs:
            return {}
        desk = await self._desk(principal, needs)
        laid: dict[str, dict[str, Json]] = {}
        errors: dict[str, dict[str, str]] = {}
        for need in needs:
            for pin in need.pins:
                try:
                    found = desk.serve(need, pin, chosen.get(need.name))
                except _Unserved as why:
                    errors.setdefault(pin.node_id, {})[pin.pin] = str(why)
                    continue
                if found is not None and found.as_reference() != pin.constant:
                    laid.setdefault(pin.node_id, {})[pin.pin] = found.as_reference()
        if errors:
            flat = {
                f"{node}.{pin}": why for node, pins in errors.items() for pin, why in pins.items()
            }
            raise CredentialsMissing(f"The run was not started. {_listed(flat)}", errors=errors)
        return laid

    async def _desk(self, principal: Principal, needs: Sequence[CredentialNeed]) -> _Desk:
        own = await self._credentials.list_all(principal) if needs else ()
        return _Desk(own, self)

    def name(self, provider_id: str) -> str:
        """Return what people call a provider."""
        provider = self._providers.find(provider_id)
        return provider.name if provider else provider_id

    def installation(self, need: CredentialNeed) -> Credential | None:
        """Return the installation's credential that serves a need."""
        found = self._system.of(need.providers, need.kinds)
        return found[0] if found else None

    def installation_by_id(self, credential_id: str) -> Credential | None:
        """Return the installation's credential with an id."""
        found = self._system.find(credential_id)
        return found[0] if found else None

    def ended(self, credential: Credential) -> str | None:
        """Return why a credential cannot be used any more; None where it can."""
        try:
            require_good(credential, self._clock.now())
        except CredentialEnded as error:
            return error.message
        return None


class _Unserved(Exception):
    """A pin gets no credential; the text says why."""


class _Desk:
    """One person's credentials, laid out."""

    def __init__(self, own: Sequence[Credential], service: NeedService) -> None:
        self._own = own
        self._by_id = {str(one.id): one for one in own}
        self._service = service

    def state(self, need: CredentialNeed) -> NeedState:
        fitting = [
            one for one in self._own if _fits(one, need) and self._service.ended(one) is None
        ]
        installation = self._service.installation(need)
        if installation is not None:
            fitting.append(installation)
        missing: dict[UUID, Sequence[str]] = {
            one.id: lacking for one in fitting if (lacking := _lacking(one, need.scopes))
        }
        fitting.sort(key=lambda one: len(missing.get(one.id, ())))
        unsatisfied: dict[str, dict[str, str]] = {}
        for pin in need.pins:
            try:
                self.serve(need, pin, None)
            except _Unserved as why:
                unsatisfied.setdefault(pin.node_id, {})[pin.pin] = str(why)
        return NeedState(need, fitting, missing, unsatisfied)

    def serve(self, need: CredentialNeed, pin: CredentialPin, chosen: Json) -> Credential | None:
        """Return what a pin gets; None where it does without.

        Raises:
            _Unserved: It gets none; the text says why.
        """
        named = pin.constant if chosen is None else chosen
        if named is None:
            return self._unnamed(need, pin)
        wanted = named.get("id") if is_object(named) else named
        found = self._find(str(wanted)[:100].lower()) or self._service.installation(need)
        if found is None:
            if pin.is_optional and chosen is None:
                return None
            raise _Unserved(
                f"There is no credential {_called(named)!r} of yours. {self._way_out(need)}"
            )
        if not _fits(found, need):
            raise _Unserved(
                f"{found.title} is for {self._service.name(found.provider)} ({found.kind}). {self._way_out(need)}"
            )
        ended = self._service.ended(found)
        if ended is not None:
            raise _Unserved(ended)
        lacking = _lacking(found, pin.scopes)
        if lacking:
            raise _Unserved(
                f"{found.title} does not let one do: {', '.join(lacking)}. Connect it again with these scopes, or "
                "choose another one."
            )
        return found

    def _unnamed(self, need: CredentialNeed, pin: CredentialPin) -> Credential | None:
        if pin.is_optional:
            return None
        found = self._service.installation(need)
        if found is None:
            raise _Unserved(f"This needs a credential. {self._way_out(need)}")
        return found

    def _find(self, credential_id: str) -> Credential | None:
        return self._service.installation_by_id(credential_id) or self._by_id.get(credential_id)

    def _way_out(self, need: CredentialNeed) -> str:
        names = " or ".join(self._service.name(one) for one in need.providers) or "any provider"
        return f"Choose or add one for {names} ({', '.join(need.kinds)})."


def _fits(credential: Credential, need: CredentialNeed) -> bool:
    is_there = not need.providers or credential.provider in need.providers
    return is_there and (not need.kinds or credential.kind.value in need.kinds)


def _lacking(credential: Credential, scopes: Sequence[str]) -> Sequence[str]:
    if credential.kind is not CredentialKind.OAUTH2:
        return ()
    return [scope for scope in scopes if scope not in credential.scopes]


def _called(named: Json) -> str:
    said = (named.get("title") or named.get("id")) if is_object(named) else named
    return str(said)[:80]


def _listed(errors: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {message}" for name, message in errors.items())
