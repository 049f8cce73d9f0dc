"""Puts integrations together: what people use at other systems, and what those send."""

from __future__ import annotations

from autograph.blocks.packs.provider import Providers
from autograph.blocks.packs.webhooks import HookFiles
from autograph.bootstrap.ground import Ground
from autograph.features.accounts.service import Accounts
from autograph.features.integrations.ports import CredentialUses
from autograph.features.integrations.repository import (
    CredentialRepository,
    DeliveryRepository,
    WebhookRepository,
)
from autograph.features.integrations.service import (
    CredentialService,
    DeliveryService,
    Integrations,
    Registrar,
    WebhookService,
    Where,
)


def make_integrations(ground: Ground, accounts: Accounts, uses: CredentialUses) -> Integrations:
    """Return the use cases of integrations."""
    credentials = CredentialService(
        CredentialRepository(ground.database), uses, ground.ring, accounts.audit, ground.clock
    )
    settings = ground.settings
    files = HookFiles(Providers(settings.provider_dir))
    webhooks = WebhookRepository(ground.database)
    where = Where(settings.reached_at, settings.public_url is not None, settings.webhook_check)
    return Integrations(
        credentials=credentials,
        webhooks=WebhookService(
            webhooks,
            Registrar(files, credentials, ground.http),
            files,
            ground.ring,
            ground.clock,
            where,
        ),
        deliveries=DeliveryService(
            webhooks,
            DeliveryRepository(ground.database),
            files,
            ground.ring,
            ground.rates,
            ground.clock,
            per_minute=settings.rate_webhook,
        ),
    )
