"""Where our blocks knowingly differ from what was observed of the reference, and why.

`docs/reference/differences.md` tells people the same; `test_differences.py` keeps the two in step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from autograph.graph.model import Json

REPOSITORY: Final = Path(__file__).resolve().parents[3]
FACTS: Final = REPOSITORY.parent / "shared"
"""Facts about the reference; they lie beside the repository where it is built, and are no part of it."""


@dataclass(frozen=True)
class Overruled:
    """One observation that we do not follow.

    Attributes:
        key: As in the document.
        block: Name of the block.
        input: What it was given.
        outputs: What we give out instead; empty where the node fails.
        error: Part of the message, where the node fails.
    """

    key: str
    block: str
    input: Mapping[str, Json]
    outputs: tuple[tuple[str, Json], ...] = ()
    error: str | None = None


OVERRULED: Final = (
    Overruled(
        "calculator-infinity",
        "Calculator",
        {"operation": "Divide", "a": 1, "b": 0},
        error="no finite result",
    ),
    Overruled(
        "calculator-not-a-number",
        "Calculator",
        {"operation": "Power", "a": 10, "b": 400},
        error="no finite result",
    ),
    Overruled(
        "match-invents-zero",
        "IfInputMatches",
        {"input": 0, "value": "abc", "yes_value": "y", "no_value": "n"},
        (("result", False), ("no_output", "n")),
    ),
    Overruled(
        "list-tokens-offline",
        "CreateList",
        {"values": ["aaaa bbbb cccc", "dddd", "eeee"], "max_tokens": 3},
        (("list", ["aaaa bbbb cccc"]), ("list", ["dddd", "eeee"])),
    ),
)

MODEL_BLOCKS: Final = (
    "AICondition",
    "AIConversation",
    "AIListGenerator",
    "AIStructuredResponseGenerator",
    "AITextGenerator",
    "AITextSummarizer",
    "CodeGeneration",
    "JinaEmbedding",
    "Orchestrator",
    "Perplexity",
)
"""Blocks whose pin `model` takes any model of the catalogue, and others, instead of a fixed list."""

OWN_WORDS: Final = frozenset(
    {
        ("Orchestrator", "sys_prompt"),
        ("PublishToMedium", "author_id"),
        ("TwitterPostTweet", "attachment"),
    }
)
"""Pins whose default says the same in words of our own: without nulls, and without what is secret."""

PINS_THAT_NEED_NO_VALUE: Final[Mapping[str, frozenset[str]]] = {
    "ExecuteCode": frozenset({"credentials"}),
    "MCPTool": frozenset({"credentials"}),
    "TranscribeYoutubeVideo": frozenset({"credentials"}),
    "AgentExecutor": frozenset(
        {"graph_version", "input_schema", "inputs", "output_schema", "user_id"}
    ),
    **dict.fromkeys(MODEL_BLOCKS, frozenset({"credentials"})),
}
"""Input pins that are required in the reference and not here, by block."""

PINS_OF_MORE_TYPES: Final = frozenset(
    {
        ("AgentExecutor", "graph_version"),
        ("ExecuteCode", "credentials"),
        ("MCPTool", "credentials"),
        ("TranscribeYoutubeVideo", "credentials"),
        *((block, "credentials") for block in MODEL_BLOCKS),
    }
)
"""Pins that take more types of values here than in the reference."""

DEFAULTS_OF_THE_MOMENT: Final = frozenset(
    {("GoogleCalendarCreateEvent", "timing"), ("GoogleCalendarReadEvents", "start_time")}
    | {
        (block, "order_number")
        for block in ("Slant3DCreateOrder", "Slant3DEstimateOrder", "Slant3DEstimateShipping")
    }
)
"""Pins whose default is made: there a moment, or a number, of the program's start, here one of the node run."""


def own_pins(block: type[Any]) -> set[str]:
    """Return the input pins that ours has and the reference has not.

    There a picked file alone brings the account it was picked with; here one can choose it as well.
    """
    action = getattr(block, "action", None)
    return {"credentials"} if action is not None and action.picked is not None else set()


FURTHER_CATEGORIES: Final = frozenset(
    {
        "AddMemory",
        "GetAllMemories",
        "GetLatestMemory",
        "GetWeatherInformation",
        "SearchMemory",
        "Slant3DCancelOrder",
        "Slant3DCreateOrder",
        "Slant3DEstimateOrder",
        "Slant3DEstimateShipping",
        "Slant3DFilament",
        "Slant3DGetOrders",
        "Slant3DSlicer",
        "Slant3DTracking",
        "XMLParser",
    }
)
"""Blocks that stand in a category although the reference puts them in none."""
