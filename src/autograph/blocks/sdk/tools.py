"""Nodes as tools: what a block whose `tools` output leads to other nodes can have run.

A tool run is a node run like any other: it is in the journal, a person may be asked before it, it costs what it
costs, and its outputs also go over its node's own links. The block that asked is run again when all have ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol

from autograph.blocks.sdk.fields import Json
from autograph.graph.pins import tool_pin


@dataclass(frozen=True, slots=True)
class OfferedTool:
    """A node that can be run as a tool.

    Attributes:
        node: Its id.
        name: Of the tool, unique among those of this block.
        pins: Input pin by parameter: the pins that the `tools` output leads to.
        parameters: JSON Schema of an object.
    """

    node: str
    name: str
    description: str
    pins: Mapping[str, str]
    parameters: Mapping[str, Json]

    def output(self, parameter: str) -> str:
        """Return the output pin whose values go to a parameter of this tool, and nowhere else."""
        return tool_pin(self.node, self.pins[parameter])


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool that is to run.

    Attributes:
        values: By input pin.
    """

    node: str
    values: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class ToolRound:
    """Tools that ran together.

    Attributes:
        kept: What the block wanted to be told again.
        results: In the order of the uses: `{"outputs": {pin: [value, …]}}`, and `"error"` where one failed.
    """

    kept: Json
    results: Sequence[Mapping[str, Json]]


class Tools(Protocol):
    """The tools of one node run."""

    @property
    def offered(self) -> Sequence[OfferedTool]:
        """What can be run, in link order."""
        ...

    @property
    def rounds(self) -> Sequence[ToolRound]:
        """What this node run has had run so far, oldest first; kept over restarts."""
        ...

    def run(self, uses: Sequence[ToolUse], *, keep: Json) -> NoReturn:
        """End the attempt and have tools run; `run` begins again from its first line once all have ended.

        Args:
            uses: Which, with which values; at least one.
            keep: What the next attempt needs to go on; it comes back in `rounds`.
        """
        ...
