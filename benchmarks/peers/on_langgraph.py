"""The workloads on LangGraph with its asynchronous PostgreSQL checkpointer.

Settings: a connection pool with autocommit and prepared statements off, as its documentation sets it up, and
`durability="async"`, its default and the fastest mode that stores every step.
"""

from __future__ import annotations

import operator
from importlib.metadata import version
from itertools import count
from typing import Annotated, Any, TypedDict

import uvloop
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from slow import ask
from workloads import CHAIN, CHAIN_RESULT, FAN, FAN_RESULT, rates, servers, tell, waiting


class Value(TypedDict):
    value: int


class Sum(TypedDict):
    value: int
    parts: Annotated[list[int], operator.add]


async def add(state: Value) -> dict[str, Any]:
    return {"value": state["value"] + 1}


async def part(state: Value) -> dict[str, Any]:
    return {"parts": [state["value"] + 1]}


def chain(saver: AsyncPostgresSaver) -> Any:
    made = StateGraph(Value)
    for i in range(CHAIN):
        made.add_node(f"n{i}", add)
    made.add_edge(START, "n0")
    for i in range(CHAIN - 1):
        made.add_edge(f"n{i}", f"n{i + 1}")
    made.add_edge(f"n{CHAIN - 1}", END)
    return made.compile(checkpointer=saver)


def fan(saver: AsyncPostgresSaver) -> Any:
    made = StateGraph(Sum)
    made.add_node("first", add)
    made.add_node("part", part)
    made.add_node("last", lambda state: {"value": sum(state["parts"])})
    made.add_edge(START, "first")
    made.add_conditional_edges(
        "first", lambda state: [Send("part", {"value": state["value"]})] * FAN, ["part"]
    )
    made.add_edge("part", "last")
    made.add_edge("last", END)
    return made.compile(checkpointer=saver)


async def main() -> None:
    at = servers()
    options = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
    async with AsyncConnectionPool(at.postgres, min_size=4, max_size=20, kwargs=options) as pool:
        saver = AsyncPostgresSaver(pool)  # type: ignore[arg-type]
        await saver.setup()

        async def wait(state: Value) -> dict[str, Any]:
            return {"value": await ask(at.slow)}

        made = StateGraph(Value)
        made.add_node("ask", wait)
        made.add_edge(START, "ask")
        made.add_edge("ask", END)
        graphs = {"chain": chain(saver), "fan": fan(saver), "ask": made.compile(checkpointer=saver)}
        threads = count()

        async def once(name: str) -> int:
            config = {"configurable": {"thread_id": f"{name}-{next(threads)}"}}
            given = {"value": 0, "parts": []} if name == "fan" else {"value": 0}
            found = await graphs[name].ainvoke(given, config, durability="async")
            return int(found["value"])

        tell(
            version("langgraph"),
            "PostgreSQL checkpointer, durability async, pool of 20",
            chain=await rates(lambda: once("chain"), CHAIN_RESULT, side_by_side=20),
            fan=await rates(lambda: once("fan"), FAN_RESULT, side_by_side=10),
            waiting=await waiting(lambda: once("ask")),
        )


if __name__ == "__main__":
    uvloop.run(main())
