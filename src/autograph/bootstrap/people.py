"""Puts accounts together with all that is kept of people, which goes when they go."""

from __future__ import annotations

from collections.abc import Mapping

from autograph.bootstrap.accounts import make_accounts
from autograph.bootstrap.ground import Ground
from autograph.bootstrap.integrations import make_integrations
from autograph.features.accounts.ports import PersonalData
from autograph.features.accounts.service import Accounts
from autograph.features.agents.adapters.credential_uses import CredentialUsesInGraphs
from autograph.features.agents.adapters.personal_data import AgentData
from autograph.features.agents.repository import GraphRepository
from autograph.features.files.adapters.personal_data import FileData
from autograph.features.files.service import FileService
from autograph.features.integrations.adapters.personal_data import CredentialData
from autograph.features.integrations.repository import CredentialRepository
from autograph.features.integrations.service import Integrations
from autograph.features.library.adapters.credential_uses import CredentialUsesInPresets
from autograph.features.library.adapters.personal_data import LibraryData
from autograph.features.library.repository import (
    FolderRepository,
    LibraryRepository,
    PresetRepository,
)
from autograph.features.notifications.adapters.personal_data import NotificationData
from autograph.features.notifications.repository import NotificationRepository
from autograph.features.runs.adapters.personal_data import FeedbackData, RunData
from autograph.features.runs.repository import FeedbackRepository, RunRepository
from autograph.graph.spec import BlockSpec


async def make_people(
    ground: Ground,
    rows: RunRepository,
    graphs: GraphRepository,
    specs: Mapping[str, BlockSpec],
    files: FileService,
) -> tuple[Accounts, Integrations]:
    """Return accounts, and integrations, which keep something of the people that accounts delete."""
    kept = PresetRepository(ground.database)
    others: list[PersonalData] = [
        FeedbackData(FeedbackRepository(ground.database)),
        RunData(rows),
        AgentData(graphs, specs),
        CredentialData(CredentialRepository(ground.database)),
        FileData(files),
        NotificationData(NotificationRepository(ground.database)),
    ]
    accounts = make_accounts(ground, others=others)
    uses = CredentialUsesInPresets(CredentialUsesInGraphs(graphs), kept)
    integrations = await make_integrations(ground, accounts, uses)
    # First: providers are asked to stop by credentials that go with the rest.
    others.insert(
        0,
        LibraryData(
            kept,
            LibraryRepository(ground.database),
            FolderRepository(ground.database),
            integrations.webhooks,
            integrations.deliveries,
        ),
    )
    return accounts, integrations
