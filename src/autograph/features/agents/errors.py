"""What can go wrong with saved graphs.

UserError
├── GraphNotFound         no such graph or version, or it is somebody else's
├── GraphInvalid          validation found errors; `details.errors` has them all
└── StaleGraph            it was saved by somebody else meanwhile
"""

from __future__ import annotations

from typing import ClassVar

from autograph.infra.errors import Conflict, Invalid, NotFound


class GraphNotFound(NotFound):
    """No such graph or version, or it is somebody else's."""

    code: ClassVar[str] = "graph.not_found"


class GraphInvalid(Invalid):
    """Validation found errors; `details.errors` has all of them as `{node: {pin: message}}`."""

    code: ClassVar[str] = "graph.invalid"


class StaleGraph(Conflict):
    """It was saved meanwhile; `details.latest_version` says where it stands."""

    code: ClassVar[str] = "graph.stale"
