"""Notes, in the commit of what happened, that somebody may have to be told of it.

Notifications take the notes (`features/notifications`); who writes one knows nothing of who is told, and how.
The engine's statements write theirs themselves (`engine/journal/sql.py`).

kind               about (`subject`)            written by
run.completed      a run that no other started  the commit that ends it
run.failed         likewise                     likewise
run.set_aside      a run                        the commit that sets it aside
review.asked       a question                   the commit that asks
review.closed      likewise                     the answer, or the end of its run
webhook.unhealthy  a webhook                    the commit that notes that its provider fails
security.<what>    a session, a person …        the commit that opens or audits it
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph.infra.json import Json, encode

_NOTE: Final = text(
    "INSERT INTO happenings (kind, user_id, subject, body) VALUES (:kind, :user_id, :subject, :body)"
)


async def note(
    connection: AsyncConnection,
    kind: str,
    user_id: UUID | None,
    subject: UUID,
    body: Mapping[str, Json] | None = None,
) -> None:
    """Write down that something happened, in the transaction of `connection`.

    Args:
        connection: Has written what happened, and commits both.
        kind: Dotted: `webhook.unhealthy`.
        user_id: Whom it concerns; None: whoever looks after the installation.
        subject: What it is about.
        body: What else is to be told; no secrets.
    """
    await connection.execute(
        _NOTE,
        {
            "kind": kind,
            "user_id": user_id,
            "subject": subject,
            "body": encode(dict(body or {})).decode(),
        },
    )
