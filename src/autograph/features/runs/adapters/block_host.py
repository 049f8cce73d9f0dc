"""The blocks' world: what agents remember between runs, and the turns they share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from autograph.blocks.models.shelf import ModelShelf
from autograph.blocks.sdk import (
    BlockError,
    CredentialRef,
    Dialer,
    Files,
    Http,
    KeyValueStore,
    Library,
    Models,
    Post,
    Rate,
    Sandbox,
    Secret,
    Sql,
)
from autograph.blocks.sdk.models import World
from autograph.dispatch.ports import Broadcast, RunPartial
from autograph.engine.ports import Partial, RunRef
from autograph.features.files.models import Origin
from autograph.features.files.service import FileService, RunFiles
from autograph.features.integrations.errors import (
    CredentialEnded,
    CredentialNotFound,
    ProviderUnavailable,
)
from autograph.features.integrations.service import CredentialService
from autograph.features.runs.adapters.own_agents import OwnAgents
from autograph.features.runs.adapters.stored import StoredValues
from autograph.features.runs.adapters.ways_out import WaysOut
from autograph.infra.clock import Clock
from autograph.infra.mail.post import SmtpPost
from autograph.infra.rates.ports import RateLimiter
from autograph.infra.sql.client import SqlClient


@dataclass(frozen=True, slots=True)
class Reach:
    """What blocks can reach.

    Attributes:
        stored: What their person's agents keep.
        agents: The agents that their person has.
        turns: Under which rates.
        broadcast: By which texts are shown while they come.
        ways: How runs get out; their ways are as wide as their person and their agent allow.
        models: What is set about models.
        sandbox: Where code that people wrote is run.
        public_url: Where this installation is reached.
        clock: What blocks are told of time.
    """

    stored: StoredValues
    agents: OwnAgents
    turns: RateLimiter
    ways: WaysOut
    credentials: CredentialService
    broadcast: Broadcast
    files: FileService
    models: ModelShelf
    sandbox: Sandbox
    public_url: str
    clock: Clock


class DatabaseBlockHost:
    """Implements `BlockHost`."""

    def __init__(self, reach: Reach) -> None:
        """Let blocks reach all of it."""
        self._reach = reach

    def models(self, run: RunRef, node: str, world: World) -> Models:
        """Return language models, asked in the name of an attempt whose `world` it is."""
        from autograph.blocks.models.client import ModelClient  # noqa: PLC0415 - only where one is asked

        return ModelClient(world, self._reach.models)

    def now(self, run: RunRef, node: str) -> datetime:
        """Return the current moment, aware, in UTC."""
        return self._reach.clock.now()

    def show(self, run: RunRef, partial: Partial) -> None:
        """Show a piece of a text to whoever watches the run; never waits, and keeps nothing."""
        self._reach.broadcast.show(
            RunPartial(
                run.id,
                partial.node_run,
                partial.node,
                partial.pin,
                partial.offset,
                partial.text,
            )
        )

    def call_url(self, token: str) -> str:
        """Return the address at which a call with `token` is taken."""
        return f"{self._reach.public_url}/api/v1/calls/{token}"

    def http(self, run: RunRef, node: str) -> Http:
        """Return the way out for a run."""
        return self._reach.ways.of(run)

    def dialer(self, run: RunRef, node: str) -> Dialer:
        """Return the way out of a run for protocols that are not HTTP."""
        return self._reach.ways.dialer_of(run)

    def sql(self, run: RunRef, node: str) -> Sql:
        """Return what asks databases of others for a run of this owner."""
        return SqlClient(self.dialer(run, node))

    def post(self, run: RunRef, node: str) -> Post:
        """Return what hands mails to mail servers for a run of this owner."""
        return SmtpPost(self.dialer(run, node))

    def sandbox(self, run: RunRef, node: str) -> Sandbox:
        """Return where code that people wrote is run."""
        return self._reach.sandbox

    def files(self, run: RunRef, node: str) -> Files:
        """Return the files of the run's owner."""
        return RunFiles(self._reach.files, self.http(run, node), Origin(run.owner_id, run.id))

    async def credential(self, run: RunRef, reference: CredentialRef) -> Secret:
        """Open a credential of the run's owner.

        Raises:
            BlockError: There is none, it is another one than the reference says, or it has ended.
        """
        name = reference.title or reference.id
        try:
            found, secret = await self._reach.credentials.open_named(run.owner_id, reference)
        except CredentialNotFound:
            raise BlockError(
                f"There is no credential {name!r}. Choose another one at this node.",
                code="credential.not_found",
            ) from None
        except CredentialEnded as error:
            raise BlockError(error.message, code=error.code) from None
        except ProviderUnavailable as error:
            raise BlockError(
                error.message, code=error.code, retry_after=error.retry_after
            ) from None
        if (found.provider, found.kind.value) != (reference.provider, reference.type):
            raise BlockError(
                f"The credential {found.title!r} is for {found.provider} ({found.kind}), and not for "
                f"{reference.provider} ({reference.type}). Choose another one at this node.",
                code="credential.mismatch",
            )
        return secret

    async def turn(self, run: RunRef, key: str, rate: Rate) -> timedelta:
        """Reserve the next turn under a rate that the owner's runs share; return how long it is off."""
        return await self._reach.turns.reserve(f"block:{run.owner_id}:{key}", rate)

    def store(self, run: RunRef, node: str) -> KeyValueStore:
        """Return the stored values of the run's owner."""
        return self._reach.stored.of(run)

    def library(self, run: RunRef, node: str) -> Library:
        """Return the agents of the run's owner."""
        return self._reach.agents.of(run)
