"""The workloads on Prefect: its server on PostgreSQL, flows and tasks asynchronous.

Settings: the server in a process of its own, as its documentation has it for production; logs to the API off.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from importlib.metadata import version

from workloads import CHAIN, CHAIN_RESULT, FAN, FAN_RESULT, rates, servers, tell, waiting

PORT = 4_300 + os.getpid() % 600


async def measure(slow: int) -> None:
    from prefect import flow, task
    from slow import ask

    @task
    async def add(value: int) -> int:
        return value + 1

    @task
    async def ask_task() -> int:
        return await ask(slow)

    @flow
    async def chain() -> int:
        value = 0
        for _ in range(CHAIN):
            value = await add(value)
        return value

    @flow
    async def fan() -> int:
        first = await add(0)
        return sum(await asyncio.gather(*[add(first) for _ in range(FAN)]))

    @flow
    async def waits() -> int:
        return await ask_task()

    tell(
        version("prefect"),
        "server on PostgreSQL, asynchronous tasks, no API logs",
        chain=await rates(chain, CHAIN_RESULT, side_by_side=5),
        fan=await rates(fan, FAN_RESULT, side_by_side=2),
        waiting=await waiting(waits),
    )


def main() -> None:
    at = servers()
    url = f"http://127.0.0.1:{PORT}/api"
    settings = {
        "PREFECT_API_URL": url,
        "PREFECT_API_DATABASE_CONNECTION_URL": at.postgres.replace(
            "postgresql://", "postgresql+asyncpg://"
        ),
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "ERROR",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    os.environ.update(settings)
    server = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start", "--port", str(PORT)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            with suppress(OSError):
                urllib.request.urlopen(f"{url}/health").close()
                break
            time.sleep(0.1)
        asyncio.run(measure(at.slow))
    finally:
        server.terminate()


if __name__ == "__main__":
    main()
