"""What the features of a process stand on, and how it is laid."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network

from autograph.bootstrap.dispatch import Dispatch
from autograph.bootstrap.keys import open_keys
from autograph.infra import migrations
from autograph.infra.cache.ports import Cache
from autograph.infra.clock import Clock, SystemClock
from autograph.infra.crypto import Keys
from autograph.infra.database import Database
from autograph.infra.egress.dial import CheckedDialer
from autograph.infra.egress.late import LateClient
from autograph.infra.egress.ports import Dialer, HostList, Http, Rules
from autograph.infra.mail.folder import FolderMailer
from autograph.infra.mail.ports import Mailer
from autograph.infra.postgres.server import embedded_postgres
from autograph.infra.rates.ports import RateLimiter
from autograph.infra.settings import Settings
from autograph.infra.telemetry.ports import Tracer


@dataclass(frozen=True, slots=True)
class Ground:
    """Handed whole to whatever puts a feature together.

    Attributes:
        ring: Encrypts what is secret.
        http: The way out, by the installation's own rules.
        dialer: The same for protocols that are not HTTP.
        mailer: Sends mails; without a mail server it writes them to a folder.
        rates: Counts, over all processes where they share a Redis.
        tracer: Notes spans; None where nothing is traced.
        cache: What all processes share; None where each has its own.
        stack: Closes what has to be closed at the end.
    """

    settings: Settings
    database: Database
    ring: Keys
    http: Http
    dialer: Dialer
    mailer: Mailer
    rates: RateLimiter
    cache: Cache | None
    tracer: Tracer | None
    clock: Clock
    stack: AsyncExitStack


async def make_ground(
    settings: Settings,
    database: Database,
    dispatch: Dispatch,
    tracer: Tracer | None,
    stack: AsyncExitStack,
) -> Ground:
    """Lay the ground: keys, the way out, what counts and remembers.

    Raises:
        KeyMissing: The database was encrypted with keys that are not here.
    """
    http = LateClient(egress_rules(settings))
    stack.push_async_callback(http.close)
    return Ground(
        settings=settings,
        database=database,
        ring=await open_keys(settings, database),
        http=http,
        dialer=CheckedDialer(egress_rules(settings)),
        mailer=_mailer(settings, stack),
        rates=dispatch.turns,
        cache=dispatch.cache,
        tracer=tracer,
        clock=SystemClock(),
        stack=stack,
    )


async def open_database(settings: Settings, stack: AsyncExitStack) -> Database:
    """Open the database that settings name, else start the embedded one; bring its schema to today's.

    Raises:
        OperationalError: It cannot be had; the message has the way out.
    """
    dsn = settings.database_url
    if dsn is None:
        dsn = await stack.enter_async_context(
            embedded_postgres(
                settings.data_dir,
                binaries=settings.pg_bin,
                shared_buffers_mb=settings.shared_buffers_mb,
            )
        )
    database = Database(dsn, pool_size=settings.pool_size)
    stack.push_async_callback(database.close)
    await migrations.upgrade(database)
    await database.open()
    return database


@asynccontextmanager
async def database_of(settings: Settings) -> AsyncGenerator[Database]:
    """Lend the database of an installation, whatever became of its keys.

    Raises:
        OperationalError: It cannot be had.
    """
    async with AsyncExitStack() as stack:
        yield await open_database(settings, stack)


def egress_rules(settings: Settings) -> Rules:
    """Return where the requests of this installation may go."""
    inside = tuple(ip_network(one) for one in settings.egress_inside)
    if settings.egress_hosts is None:
        return Rules(inside)
    whose = "this installation lets be asked, by its setting AUTOGRAPH_EGRESS_HOSTS"
    return Rules(inside, (HostList(whose, settings.egress_hosts),))


def _mailer(settings: Settings, stack: AsyncExitStack) -> Mailer:
    if settings.smtp_url is None:
        return FolderMailer(settings.data_dir.expanduser() / "mail", sender=settings.mail_from)
    from autograph.infra.mail.smtp import SmtpMailer  # noqa: PLC0415 - only where mails are sent

    mailer = SmtpMailer(settings.smtp_url.get_secret_value(), sender=settings.mail_from)
    stack.push_async_callback(mailer.close)
    return mailer
