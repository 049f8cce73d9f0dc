"""Puts integrations together: what people use at other systems, and what those send."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from pydantic import SecretStr

from autograph.blocks.packs.provider import Providers
from autograph.bootstrap.ground import Ground
from autograph.features.accounts.service import Accounts
from autograph.features.integrations.ports import CredentialUses
from autograph.features.integrations.repository import (
    ConnectionRepository,
    CredentialRepository,
    DeliveryRepository,
    WebhookRepository,
)
from autograph.features.integrations.service import (
    Integrations,
    Listening,
    Parts,
    Where,
    integrations_on,
    read_clients,
    read_system,
)
from autograph.infra.errors import OperationalError


class SettingFileMissing(OperationalError):
    """A setting names a file that cannot be read."""

    code: ClassVar[str] = "settings.file_missing"


async def make_integrations(
    ground: Ground, accounts: Accounts, uses: CredentialUses
) -> Integrations:
    """Return the use cases of integrations.

    Raises:
        OperationalError: A setting is not understood.
    """
    settings = ground.settings
    parts = Parts(
        credentials=CredentialRepository(ground.database),
        connections=ConnectionRepository(ground.database),
        uses=uses,
        ring=ground.ring,
        audit=accounts.audit,
        clock=ground.clock,
        http=ground.http,
        providers=Providers(settings.provider_dir),
        clients=read_clients(await _text(settings.oauth_clients)),
        system=read_system(await _text(settings.system_credentials)),
    )
    listening = Listening(
        webhooks=WebhookRepository(ground.database),
        deliveries=DeliveryRepository(ground.database),
        rates=ground.rates,
        where=Where(settings.reached_at, settings.public_url is not None, settings.webhook_check),
        per_minute=settings.rate_webhook,
    )
    return integrations_on(
        parts,
        listening,
        redirect_uri=f"{settings.reached_at.rstrip('/')}/connect",
        origins=settings.connect_origins,
    )


async def _text(setting: SecretStr | None) -> str | None:
    """Return what a setting says, or the file says that it names after an @.

    Raises:
        SettingFileMissing: The file cannot be read.
    """
    said = setting.get_secret_value() if setting else None
    if said is None or not said.startswith("@"):
        return said
    try:
        return await asyncio.to_thread(lambda: Path(said[1:]).expanduser().read_text("utf-8"))
    except OSError as error:
        raise SettingFileMissing(f"{said[1:]} cannot be read: {error.strerror}.") from error
