"""Agents inside agents."""

from __future__ import annotations

from autograph.blocks.sdk import (
    BlockInput,
    BlockKind,
    BlockOutputWithoutError,
    Category,
    Effect,
    EngineBlock,
    Json,
    pin,
)

Entries = dict[str, Json]


class AgentExecutorInput(BlockInput):
    """Which agent, and what it gets. Its inputs are pins of this node, too."""

    user_id: str = pin(
        "",
        description="Kept for older agents; an agent runs for whoever runs this one.",
        hidden=True,
    )
    graph_id: str = pin(description="The agent to run.")
    graph_version: int | None = pin(
        None, description="Which version of it; the active one where nothing is said."
    )
    agent_name: str | None = pin(None, description="What the agent was called when it was chosen.")
    inputs: Entries = pin(
        default_factory=Entries, description="Inputs typed in here.", advanced=False
    )
    input_schema: Entries = pin(
        default_factory=Entries, description="What the agent takes.", hidden=True
    )
    output_schema: Entries = pin(
        default_factory=Entries, description="What the agent gives.", hidden=True
    )
    nodes_input_masks: Entries | None = pin(
        None, description="Values laid over the agent's nodes.", hidden=True
    )


class AgentExecutorOutput(BlockOutputWithoutError):
    """The agent's own outputs are the pins of this node."""


class AgentExecutor(EngineBlock):
    """Run another agent."""

    id = "e189baac-8c20-45a1-94a7-55177ea42565"
    name = "AgentExecutor"
    description = (
        "Runs another agent and gives out what it gives. It waits without holding anything up."
    )
    categories = (Category.AGENT,)
    kind = BlockKind.AGENT
    effect = Effect.IDEMPOTENT
    aliases = ("sub-agent", "nested agent")
    Input = AgentExecutorInput
    Output = AgentExecutorOutput
