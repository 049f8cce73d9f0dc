"""What routes are handed: the services of this process, and who asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from autograph.blocks.catalog import Catalog
from autograph.dispatch.ports import Broadcast
from autograph.engine.worker import Worker
from autograph.features.accounts.models import Principal
from autograph.features.agents.service import AgentService
from autograph.features.runs.service import (
    DeadLetterService,
    ForkService,
    ReviewService,
    RunService,
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
    agents: AgentService
    runs: RunService
    forks: ForkService
    reviews: ReviewService
    dead_letters: DeadLetterService
    storage: StorageService
    worker: Worker
    broadcast: Broadcast
    owner: Principal


async def services_of(connection: HTTPConnection) -> Services:
    """Return the services of this process."""
    services: Services = connection.app.state.services
    return services


async def principal_of(connection: HTTPConnection) -> Principal:
    """Return who asks: the owner of this machine, until there are accounts."""
    return (await services_of(connection)).owner


ServicesDep = Annotated[Services, Depends(services_of)]
PrincipalDep = Annotated[Principal, Depends(principal_of)]
