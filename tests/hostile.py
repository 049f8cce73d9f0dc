"""What becomes of a node that is handed what nobody meant: with its credential, and with no way out."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any, Final

from autograph.blocks.catalog import AnyBlock
from autograph.blocks.sdk import BlockError, Example
from autograph.blocks.sdk.testing import FakeContext
from autograph.infra.egress.late import LateClient
from autograph.infra.egress.ports import HostList, Rules
from autograph.infra.errors import AutographError
from autograph.infra.json import encode

NOWHERE: Final = Rules(
    (ip_network("127.0.0.0/8"),), (HostList("this test lets be asked", ("localhost", "127.0.0.1")),)
)
"""Names are not even looked up: that takes its time where there is no network."""
MANY: Final = "many"


def harmless_of(block: AnyBlock) -> Example:
    """Return an example that ends well; one that fails where nothing ends well without a credential."""
    return next((one for one in block.examples if one.error is None), block.examples[0])


async def outcome(block: AnyBlock, given: Mapping[str, Any], *, most: int = 200_000) -> str | None:
    """Run a node on `given`; return the message of its failure, None when it ended well, MANY when it gives more than `most` values."""
    http = LateClient(NOWHERE)
    ctx = FakeContext(secrets=dict(harmless_of(block).secrets), http=http)
    count = 0
    try:
        async for pin, value in block().run(block.prepare(given), ctx):
            if pin == "error":
                return str(value)
            encode(value)
            count += 1
            if count > most:
                return MANY
    except (BlockError, AutographError) as error:
        return error.message
    finally:
        await http.close()
    return None
