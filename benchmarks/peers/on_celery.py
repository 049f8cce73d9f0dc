"""The workloads on Celery, RabbitMQ as its broker and Redis for results.

Settings: a prefork worker with a process for each core for steps that compute, a gevent worker with 1,000
greenlets for those that wait; no gossip, mingle or heartbeat; persistent messages, as by default.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import Any

from celery import Celery, chain, chord, group
from workloads import CHAIN, CHAIN_RESULT, FAN, FAN_RESULT, WAITING, rates, servers, tell, waiting

app = Celery("on_celery", broker=os.environ.get("BROKER"), backend=os.environ.get("BACKEND"))
app.conf.update(
    worker_prefetch_multiplier=16,
    task_serializer="json",
    broker_pool_limit=20,
    redis_max_connections=200,
    task_routes={"on_celery.ask": {"queue": "waiting"}},
    task_default_queue="steps",
)


@app.task
def add(value: int) -> int:
    return value + 1


@app.task
def total(values: list[int]) -> int:
    return sum(values)


@app.task
def spread(value: int) -> Any:
    """Add one, and go on with a hundred steps beside each other."""
    return value + 1


@app.task
def ask(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
        return int(answer.read())


def run_chain() -> int:
    return int(chain(add.s(0), *[add.s() for _ in range(CHAIN - 1)])().get(timeout=60))


def run_fan() -> int:
    made = chain(add.s(0), chord(group([add.s() for _ in range(FAN)]), total.s()))
    return int(made().get(timeout=60))


def main() -> None:
    at = servers()
    environment = {**os.environ, "BROKER": at.rabbitmq, "BACKEND": at.redis}
    if os.environ.get("BROKER") is None:
        os.execve(sys.executable, [sys.executable, *sys.argv], environment)
    worker = [sys.executable, "-m", "celery", "-A", "on_celery", "worker", "--loglevel=ERROR"]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    here = os.path.dirname(os.path.abspath(__file__))
    started = [
        subprocess.Popen([*worker, *more], cwd=here, env=environment, stdout=subprocess.DEVNULL)
        for more in (
            ["--pool=prefork", "--concurrency=2", "--queues=steps", "--hostname=steps@here"],
            [
                "--pool=gevent",
                f"--concurrency={WAITING}",
                "--queues=waiting",
                "--hostname=waiting@here",
                "--prefetch-multiplier=1",
            ],
        )
    ]
    time.sleep(6)
    try:
        asyncio.run(measure(at.slow))
    finally:
        for one in started:
            one.terminate()


async def measure(port: int) -> None:
    threads = ThreadPoolExecutor(40)
    loop = asyncio.get_running_loop()

    async def once_chain() -> int:
        return await loop.run_in_executor(threads, run_chain)

    async def once_fan() -> int:
        return await loop.run_in_executor(threads, run_fan)

    pending: list[Any] = []

    async def once_ask() -> int:
        result = await loop.run_in_executor(threads, ask.delay, port)
        pending.append(result)
        while not await loop.run_in_executor(threads, result.ready):
            await asyncio.sleep(0.2)
        return int(result.result)

    tell(
        version("celery"),
        "RabbitMQ and Redis; prefork 2, gevent 1,000 for what waits",
        chain=await rates(once_chain, CHAIN_RESULT, side_by_side=20),
        fan=await rates(once_fan, FAN_RESULT, side_by_side=5),
        waiting=await waiting(once_ask),
    )


if __name__ == "__main__":
    main()
