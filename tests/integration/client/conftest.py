"""A platform that is up, and a key to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from autograph.blocks.catalog import Catalog
from autograph.features.accounts.models import Scope
from autograph.graph.portable import write_agent
from tests.agents import graph, node
from tests.processes import Up, up


@dataclass
class Served:
    """A platform, and a key that covers everything."""

    up: Up
    key: str

    @property
    def url(self) -> str:
        return self.up.url

    def new_key(self, scopes: Sequence[Scope]) -> str:
        answer = self.up.http.post("/api/v1/api-keys", json={"name": "k", "scopes": [*scopes]})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["key"])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with up(tmp_path_factory.mktemp("up")) as running:
        made = Served(running, "")
        made.key = made.new_key([*Scope])
        yield made


@pytest.fixture
def greeter(catalog: Catalog) -> dict[str, object]:
    """An agent that greets whom it is told to."""
    made = graph(
        [
            node(catalog, "in", "AgentShortTextInput", name="who"),
            node(catalog, "fill", "FillTextTemplate", format="Good day, {{ who }}!"),
            node(catalog, "out", "AgentOutput", name="greeting"),
        ],
        "in.result => fill.values_#_who",
        "fill.output -> out.value",
        name="Greeter",
    )
    return write_agent(made)


@pytest.fixture
def asker(catalog: Catalog) -> dict[str, object]:
    """An agent that asks a person."""
    made = graph(
        [
            node(catalog, "ask", "HumanInTheLoop", data={"post": "Hi"}, name="Post"),
            node(catalog, "out", "AgentOutput", name="out"),
        ],
        "ask.approved_data -> out.value",
        name="Asker",
    )
    return write_agent(made)
