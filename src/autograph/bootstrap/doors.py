"""The doors of a process that serves. Import this module late: other processes need no web framework."""

from __future__ import annotations

from ipaddress import ip_network

from starlette.types import ASGIApp

from autograph.api import app
from autograph.api.deps import Services
from autograph.api.gateway.guard import Guard
from autograph.api.gateway.inspection import Inspection
from autograph.api.gateway.limits import Limits
from autograph.api.gateway.routes import RateClass
from autograph.bootstrap.platform import Platform
from autograph.infra.telemetry.ports import Untraced


def serve(made: Platform) -> ASGIApp:
    """Return the doors of a process."""
    return app.serve(
        Services(
            settings=made.settings,
            catalog=made.catalog,
            database=made.database,
            blocks=made.blocks,
            agents=made.agents,
            library=made.library,
            folders=made.folders,
            runs=made.runs,
            presets=made.presets,
            preset_runs=made.preset_runs,
            breaks=made.breaks,
            forks=made.forks,
            cassettes=made.cassettes,
            shares=made.shares,
            feedback=made.feedback,
            reviews=made.reviews,
            dead_letters=made.dead_letters,
            storage=made.storage,
            egress=made.egress,
            files=made.files,
            worker=made.worker,
            broadcast=made.broadcast,
            accounts=made.accounts,
            integrations=made.integrations,
            notifications=made.notifications,
            guard=_guard(made),
        )
    )


def _guard(made: Platform) -> Guard:
    """Return what stands before every route."""
    settings = made.settings
    per_minute = {
        RateClass.READ: settings.rate_read,
        RateClass.WRITE: settings.rate_write,
        RateClass.EXECUTE: settings.rate_execute,
        RateClass.AUTH: settings.rate_auth,
        RateClass.PUBLIC: settings.rate_public,
        RateClass.WEBHOOK: settings.rate_webhook,
    }
    return Guard(
        accounts=made.accounts,
        limits=Limits(made.turns, per_minute),
        inspection=Inspection(
            max_body_bytes=settings.max_body_bytes,
            max_file_bytes=settings.max_file_bytes,
            denied=[ip_network(one) for one in settings.ip_deny],
            allowed=[ip_network(one) for one in settings.ip_allow],
            only_notes=settings.inspection == "note",
        ),
        rates=made.turns,
        tracer=made.tracer or Untraced(),
        owner=made.owner if settings.single_user else None,
        origins=frozenset(settings.cors_origins),
    )
