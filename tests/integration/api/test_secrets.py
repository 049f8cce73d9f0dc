"""Secrets typed into a node: kept by the platform, shown to nobody, not lost when a screen saves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.agents import graph, node
from tests.processes import Up, up

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("up")) as running:
        yield running


class TestSecretConstants:
    def test_survive_being_shown_without_them_and_saved_again(
        self, served: Up, catalog: Catalog
    ) -> None:
        made = graph(
            [
                node(
                    catalog, "key", "AgentShortTextInput", name="Key", secret=True, value="s3cr3t"
                ),
                node(catalog, "out", "AgentOutput", name="length"),
            ],
            "key.result -> out.value",
            name="Holds a key",
        )
        graph_id = served.save(write_agent(made))

        shown = served.http.get(f"/api/v1/graphs/{graph_id}")
        saved = served.http.put(
            f"/api/v1/graphs/{graph_id}",
            params={"base_version": 1},
            json={**shown.json()["graph"], "layout": {"key": {"x": 40, "y": 0}}},
        )

        assert "s3cr3t" not in shown.text
        assert "s3cr3t" not in saved.text
        assert saved.json()["version"] == 2
        assert saved.json()["content_hash"] == shown.json()["content_hash"]

    def test_are_not_told_by_what_changed(self, served: Up, catalog: Catalog) -> None:
        versions = [
            write_agent(
                graph(
                    [
                        node(
                            catalog,
                            "key",
                            "AgentShortTextInput",
                            name="Key",
                            secret=True,
                            value=one,
                        )
                    ],
                    name="Changes its key",
                )
            )
            for one in ("first-s3cr3t", "second-s3cr3t")
        ]
        graph_id = served.save(versions[0])
        served.http.put(f"/api/v1/graphs/{graph_id}", json=versions[1])

        changed = served.http.get(f"/api/v1/graphs/{graph_id}/versions/1/diff/2")

        assert changed.json()["changed"] == {"key": {"value": {"before": None, "after": None}}}
