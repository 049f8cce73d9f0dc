"""What routes are handed: the services of this process, and who asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from starlette.requests import Request

from autograph.api.gateway.credentials import visit_of
from autograph.api.gateway.guard import Guard
from autograph.api.gateway.routes import FromRequest
from autograph.blocks.catalog import Catalog
from autograph.dispatch.ports import Broadcast
from autograph.engine.worker import Worker
from autograph.features.accounts.errors import Unauthenticated
from autograph.features.accounts.models import Principal, Visit
from autograph.features.accounts.service import Accounts
from autograph.features.agents.service import AgentService
from autograph.features.files.service import FileService
from autograph.features.integrations.service import Integrations
from autograph.features.library.service import FolderService, LibraryService, PresetService
from autograph.features.notifications.service import NotificationService
from autograph.features.runs.service import (
    BlockService,
    CassetteService,
    DeadLetterService,
    EgressService,
    FeedbackService,
    ForkService,
    PresetRuns,
    ReviewService,
    RunService,
    ShareService,
)
from autograph.features.storage.service import StorageService
from autograph.infra.database import Database
from autograph.infra.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases of this process, for its doors."""

    settings: Settings
    catalog: Catalog
    database: Database
    blocks: BlockService
    agents: AgentService
    library: LibraryService
    folders: FolderService
    runs: RunService
    presets: PresetService
    preset_runs: PresetRuns
    forks: ForkService
    cassettes: CassetteService
    shares: ShareService
    feedback: FeedbackService
    reviews: ReviewService
    dead_letters: DeadLetterService
    storage: StorageService
    egress: EgressService
    files: FileService
    worker: Worker
    broadcast: Broadcast
    accounts: Accounts
    integrations: Integrations
    notifications: NotificationService
    guard: Guard


def services_of(request: Request) -> Services:
    """Return the services of this process."""
    services: Services = request.app.state.services
    return services


def principal_of(request: Request) -> Principal:
    """Return who asks, as the guard has found.

    Raises:
        Unauthenticated: Nobody is known.
    """
    principal: Principal | None = request.scope["state"].get("principal")
    if principal is None:
        raise Unauthenticated("Log in, or send a token or key: Authorization: Bearer …")
    return principal


def visit_of_request(request: Request) -> Visit:
    """Return where a request comes from."""
    return visit_of(request.scope)


ServicesDep = Annotated[Services, FromRequest(services_of)]
PrincipalDep = Annotated[Principal, FromRequest(principal_of)]
VisitDep = Annotated[Visit, FromRequest(visit_of_request)]
