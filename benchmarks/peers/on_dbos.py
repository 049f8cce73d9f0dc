"""The workloads on DBOS with PostgreSQL.

Settings: asynchronous workflows and steps, LISTEN/NOTIFY on (its default), a pool of 20 connections.
"""

from __future__ import annotations

import asyncio
from importlib.metadata import version

from dbos import DBOS
from slow import ask
from workloads import CHAIN, CHAIN_RESULT, FAN, FAN_RESULT, rates, servers, tell, waiting

AT = servers()


@DBOS.step()
async def add(value: int) -> int:
    return value + 1


@DBOS.step()
async def ask_step() -> int:
    return await ask(AT.slow)


@DBOS.workflow()
async def chain() -> int:
    value = 0
    for _ in range(CHAIN):
        value = await add(value)
    return value


@DBOS.workflow()
async def fan() -> int:
    first = await add(0)
    return sum(await asyncio.gather(*[add(first) for _ in range(FAN)]))


@DBOS.workflow()
async def waits() -> int:
    return await ask_step()


async def main() -> None:
    DBOS(
        config={
            "name": "peers",
            "system_database_url": AT.postgres,
            "sys_db_pool_size": 20,
            "log_level": "ERROR",
            "run_migrations": True,
        }
    )
    DBOS.launch()
    tell(
        version("dbos"),
        "asynchronous steps, LISTEN/NOTIFY, pool of 20",
        chain=await rates(chain, CHAIN_RESULT, side_by_side=20),
        fan=await rates(fan, FAN_RESULT, side_by_side=10),
        waiting=await waiting(waits),
    )


if __name__ == "__main__":
    asyncio.run(main())
