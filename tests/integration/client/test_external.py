"""The external API as programs meet it: streams, AutoGPT's shapes, and the guides as they are printed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.client.conftest import Served

pytestmark = pytest.mark.timeout(120)
ROOT = Path(__file__).parents[3]
GUIDES = ROOT / "docs" / "guides"


def asked(served: Served, method: str, path: str, **options: Any) -> Any:
    answer = served.up.http.request(method, path, headers={"X-API-Key": served.key}, **options)
    assert answer.is_success, answer.text
    return answer.json()


def test_a_stream_says_where_it_is_and_ends_with_its_run(
    served: Served, greeter: dict[str, object]
) -> None:
    graph_id = asked(served, "POST", "/external/v1/graphs", json=greeter)["id"]
    run = asked(
        served,
        "POST",
        f"/external/v1/graphs/{graph_id}/execute",
        params={"wait": 30},
        json={"inputs": {"who": "Ada"}},
    )
    url = f"/external/v1/runs/{run['id']}/stream"
    headers = {"X-API-Key": served.key}
    whole = served.up.http.get(url, headers=headers)
    rest = served.up.http.get(url, headers={**headers, "Last-Event-ID": "2"})
    journal = asked(served, "GET", f"/external/v1/runs/{run['id']}/events")

    assert whole.headers["content-type"].startswith("text/event-stream")
    begin, *said, end = whole.text.removesuffix("\n\n").split("\n\n")
    assert begin == "retry: 1000"
    assert end == 'event: end\ndata: {"status":"completed"}'
    sent = [json.loads(one.split("data: ")[1]) for one in said]
    assert [(one["seq"], one["kind"], one["body"]) for one in sent] == [
        (one["seq"], one["kind"], one["body"]) for one in journal
    ]
    assert said[0].startswith("id: 1\nevent: run.started\ndata: ")
    assert rest.text.split("\n\n")[1].startswith("id: 3\n")
    gone = served.up.http.get(url.replace(run["id"], graph_id), headers=headers)
    assert (gone.status_code, gone.json()["code"]) == (404, "run.not_found")


def test_what_autogpts_programs_ask_is_answered_in_its_shapes(
    served: Served, greeter: dict[str, object], asker: dict[str, object]
) -> None:
    old = "/external-api/v1"
    saved = asked(served, "POST", f"{old}/graphs", json={"graph": greeter})
    assert {"id", "version", "is_active", "nodes", "links", "input_schema"} <= set(saved)
    path = f"{old}/graphs/{saved['id']}"
    body = {"node_input": {"who": "Ada"}}
    begun = asked(served, "POST", f"{path}/execute/1", json=body)
    asked(served, "GET", f"/external/v1/runs/{begun['id']}/events")
    results: dict[str, Any] = {"status": "QUEUED"}
    while results["status"] in {"QUEUED", "RUNNING"}:
        results = asked(served, "GET", f"{path}/executions/{begun['id']}/results")

    assert results["status"] == "COMPLETED"
    assert results["output"] == [{"greeting": "Good day, Ada!"}]
    assert {one["node_id"]: one["output"] for one in results["nodes"]}["fill"] == {
        "output": ["Good day, Ada!"]
    }
    other = asked(served, "POST", f"{old}/graphs", json={"graph": asker})
    wrong = served.up.http.get(
        f"{old}/graphs/{other['id']}/executions/{begun['id']}/results",
        headers={"X-API-Key": served.key},
    )
    assert wrong.status_code == 404
    asks = asked(served, "POST", f"{old}/graphs/{other['id']}/execute/1", json={})
    while results["status"] != "REVIEW":
        results = asked(
            served, "GET", f"{old}/graphs/{other['id']}/executions/{asks['id']}/results"
        )
    assert results["output"] is None
    blocks = asked(served, "GET", f"{old}/blocks")
    adder = next(one for one in blocks if one["name"] == "Calculator")
    assert {"inputSchema", "outputSchema", "costs", "staticOutput", "uiType"} <= set(adder)
    added = asked(
        served,
        "POST",
        f"{old}/blocks/{adder['id']}/execute",
        json={"operation": "Add", "a": 1, "b": 2},
    )
    assert added == {"result": [3]}
    assert asked(served, "GET", f"{old}/me")["timezone"]


def test_a_block_that_fails_says_how(served: Served) -> None:
    answer = served.up.http.post(
        "/external/v1/blocks/Calculator/execute",
        headers={"X-API-Key": served.key},
        json={"inputs": {"operation": "Divide", "a": 1, "b": 0}},
    )
    told = answer.json()
    assert (answer.status_code, told["code"]) == (400, "block.failed")
    assert told["message"] == "Divide of 1 and 0 has no finite result."
    assert told["details"]["block_code"] == "calculator.no_result"


def test_the_clients_guide_runs_as_it_is_printed(served: Served) -> None:
    text = (GUIDES / "python-client.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(blocks)],
        cwd=ROOT,
        env={**os.environ, "AUTOGRAPH_URL": served.url, "AUTOGRAPH_API_KEY": served.key},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "completed [3, 2.0, 1.0] ['Lift-off at 0']" in done.stdout
    assert "run.completed" in done.stdout
    assert "run.not_found" in done.stdout


def test_the_guide_of_the_api_runs_as_it_is_printed(served: Served) -> None:
    text = (GUIDES / "external-api.md").read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    script = "set -eu\n" + "\n".join(blocks)
    assert "http://127.0.0.1:8085" in script
    done = subprocess.run(
        ["bash", "-c", script.replace("http://127.0.0.1:8085", served.url)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("event: end") == 2
    assert '"outputs":{"result":[3]}' in done.stdout


def test_the_guide_of_mcp_runs_as_it_is_printed(served: Served) -> None:
    text = (GUIDES / "mcp.md").read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    done = subprocess.run(
        ["bash", "-c", "set -eu\n" + "\n".join(blocks)],
        env={**os.environ, "AUTOGRAPH_URL": served.url, "AUTOGRAPH_API_KEY": served.key},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "autograph_run_result" in done.stdout
