"""A client of Autograph's external API, for programs: sync and async, typed, and light (httpx2 alone).

    from autograph.client import Client

    with Client() as client:                        # AUTOGRAPH_URL, AUTOGRAPH_API_KEY
        run = client.graphs.execute(graph_id, {"from": 3}, wait=30)
        print(run.outputs)
        for event in client.runs.stream(run.id):
            print(event.seq, event.kind)

`AsyncClient` has the same methods, to be awaited. It stands alone: nothing else of ours is imported here, and
nothing of ours imports it.

models.py    what the API answers, as values
errors.py    what can go wrong
calls.py     every request, said once for both clients
retries.py   which requests are sent again, and when
events.py    streams of events, and where to go on after a lost connection
sync.py      Client
aio.py       AsyncClient
"""

from autograph.client.aio import AsyncClient
from autograph.client.errors import (
    ApiError,
    ClientError,
    Conflict,
    ConnectionFailed,
    Forbidden,
    Invalid,
    NotConfigured,
    NotFound,
    RateLimited,
    RunFailed,
    ServerFault,
    Unauthenticated,
    Unavailable,
    WaitedInVain,
)
from autograph.client.models import (
    Block,
    BlockResult,
    Credential,
    CredentialUse,
    Event,
    Graph,
    GraphSummary,
    GraphVersion,
    Identity,
    NodeFailure,
    NodeRun,
    Review,
    Run,
    RunSummary,
    Wait,
)
from autograph.client.sync import Client

__all__ = [
    "ApiError",
    "AsyncClient",
    "Block",
    "BlockResult",
    "Client",
    "ClientError",
    "Conflict",
    "ConnectionFailed",
    "Credential",
    "CredentialUse",
    "Event",
    "Forbidden",
    "Graph",
    "GraphSummary",
    "GraphVersion",
    "Identity",
    "Invalid",
    "NodeFailure",
    "NodeRun",
    "NotConfigured",
    "NotFound",
    "RateLimited",
    "Review",
    "Run",
    "RunFailed",
    "RunSummary",
    "ServerFault",
    "Unauthenticated",
    "Unavailable",
    "Wait",
    "WaitedInVain",
]
