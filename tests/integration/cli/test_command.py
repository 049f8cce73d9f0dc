"""The `autograph` command, as a person and a script meet it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograph.blocks.catalog import Catalog
from autograph.graph.portable import dump, write_agent, write_agent_autogpt
from tests.agents import chain, graph, node
from tests.processes import COMMAND, as_json, command, up

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def adder(tmp_path: Path, catalog: Catalog) -> Path:
    made = graph(
        [
            node(catalog, "in", "AgentInput", name="Input"),
            node(catalog, "sum", "Calculator", operation="Add", b=34),
            node(catalog, "out", "AgentOutput", name="Output"),
        ],
        "in.result => sum.a",
        "sum.result -> out.value",
        name="Adder",
    )
    file = tmp_path / "adder.json"
    file.write_text(dump(write_agent_autogpt(made, catalog.specs())))
    return file


def json_values(text: str) -> Iterator[Any]:
    """Yield the JSON values that were printed one after another."""
    decoder = json.JSONDecoder()
    while text := text.lstrip():
        value, end = decoder.raw_decode(text)
        yield value
        text = text[end:]


class TestRun:
    def test_a_file_runs_without_a_server_and_prints_what_comes_of_it(
        self, home: Path, adder: Path
    ) -> None:
        done = command("run", str(adder), "--input", "Input=8", data_dir=home)

        assert (done.returncode, done.stdout, done.stderr) == (0, "42\n", "")

    def test_json_has_everything(self, home: Path, adder: Path) -> None:
        answer = as_json(command("run", str(adder), "--input", "Input=8", "--json", data_dir=home))

        assert set(answer) == {"run_id", "status", "outputs", "errors", "starved", "stats", "error"}
        assert (answer["status"], answer["outputs"]) == ("completed", {"Output": [42.0]})

    def test_watching_shows_every_step(self, home: Path, adder: Path) -> None:
        done = command("run", str(adder), "--input", "Input=8", "--watch", data_dir=home)

        assert done.stdout == "42\n"
        assert [line.split()[1] for line in done.stderr.splitlines()] == [
            "run.started",
            *["node.completed"] * 3,
            "run.completed",
        ]

    def test_nobody_is_asked_in_an_unattended_run(self, home: Path, adder: Path) -> None:
        options = ("--input", "Input=8", "--priority", "low")

        ids = [
            as_json(command("run", str(adder), *options, *more, "--json", data_dir=home))["run_id"]
            for more in ((), ("--unattended",))
        ]

        firsts = [
            next(json_values(command("runs", "watch", run_id, "--json", data_dir=home).stdout))
            for run_id in ids
        ]
        assert "outcome" in firsts[0]["body"]["asks"]
        assert "outcome" not in firsts[1]["body"]["asks"]

    def test_a_failed_run_ends_with_1_and_says_why(self, home: Path, adder: Path) -> None:
        done = command("run", str(adder), "--input", "Input=abc", data_dir=home)

        assert done.returncode == 1
        assert 'sum failed: a: expected a number, got "abc"' in done.stderr

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["nowhere.json"], "neither a file nor the id"),
            (["01900000-0000-7000-8000-0000000000ff"], "There is no graph"),
            (["nowhere.json", "--priority", "urgent"], "'high', 'normal', 'low'"),
        ],
    )
    def test_bad_use_ends_with_2(self, home: Path, arguments: list[str], said: str) -> None:
        done = command("run", *arguments, data_dir=home)

        assert done.returncode == 2
        assert said in done.stderr or "cannot be read" in done.stderr

    def test_a_wrong_input_ends_with_2_and_the_nearest_name(self, home: Path, adder: Path) -> None:
        done = command("run", str(adder), "--input", "Inptu=8", data_dir=home)

        assert done.returncode == 2
        assert "Did you mean 'Input'?" in done.stderr

    def test_inputs_come_from_a_file_too(self, home: Path, adder: Path, tmp_path: Path) -> None:
        inputs = tmp_path / "inputs.json"
        inputs.write_text('{"Input": 1}')

        assert (
            command("run", str(adder), "--inputs-file", str(inputs), data_dir=home).stdout == "35\n"
        )

    def test_runs_are_listed_and_shown(self, home: Path, adder: Path) -> None:
        run_id = as_json(command("run", str(adder), "--input", "Input=8", "--json", data_dir=home))[
            "run_id"
        ]

        assert run_id in {
            run["id"] for run in as_json(command("runs", "list", "--json", data_dir=home))
        }
        assert as_json(command("runs", "show", run_id, "--json", data_dir=home))["inputs"] == {
            "Input": 8
        }
        assert "run.completed" in command("runs", "watch", run_id, data_dir=home).stdout
        assert command("runs", "cancel", run_id, data_dir=home).returncode == 2


class TestCheck:
    def test_a_good_file(self, home: Path, adder: Path) -> None:
        done = command("check", str(adder), "--json", data_dir=home)

        answer = as_json(done)
        assert (done.returncode, answer["ok"], answer["name"]) == (0, True, "Adder")
        assert (answer["nodes"], answer["links"], answer["errors"], answer["unknown_blocks"]) == (
            3,
            2,
            {},
            [],
        )
        assert list(answer["inputs"]["properties"]) == ["Input"]

    def test_every_error_is_told(self, home: Path, tmp_path: Path, catalog: Catalog) -> None:
        file = tmp_path / "broken.json"
        made = graph([node(catalog, "a", "Calculator", operation="Add", a="x")])
        document = write_agent(made)
        document["nodes"].append({"id": "b", "block_id": "unheard-of"})
        file.write_text(dump(document))
        done = command("check", str(file), "--json", data_dir=home)

        answer = as_json(done)
        assert done.returncode == 1
        assert set(answer["errors"]["a"]) == {"a", "b"}
        assert answer["unknown_blocks"] == [{"id": "unheard-of", "node": "b"}]

    @pytest.mark.parametrize(
        "content", ["", "{", "[]", '"text"', '{"nodes": 1}', "\0", '{"nodes":[{}]}']
    )
    def test_what_is_no_agent_gets_one_sentence_and_2(
        self, home: Path, tmp_path: Path, content: str
    ) -> None:
        file = tmp_path / "rubbish.json"
        file.write_text(content)
        done = command("check", str(file), data_dir=home)

        assert done.returncode == 2
        assert (done.stdout, len(done.stderr.strip().splitlines())) == ("", 1)

    def test_the_shared_agents_have_no_error_but_unknown_blocks(
        self, home: Path, shared: Path
    ) -> None:
        files = sorted((shared / "fixtures" / "agents").glob("*.json"))
        assert files
        for file in files:
            answer = as_json(command("check", str(file), "--json", data_dir=home))
            unknown = {one["node"] for one in answer["unknown_blocks"]}
            assert set(answer["errors"]) <= unknown, file.name

    def test_the_shared_calculator_prints_42(self, home: Path, shared: Path) -> None:
        file = shared / "fixtures" / "agents" / "calculator-agent.json"

        assert command("run", str(file), "--input", "Input=8", data_dir=home).stdout == "42\n"


class TestBlocks:
    def test_lines_in_lines_out_errors_inline(self, home: Path) -> None:
        calculator = "b1ab9b19-67a6-406d-abf5-2dba76d00c79"
        lines = [
            {"block_id": calculator, "input": {"operation": "Add", "a": 1, "b": 2}},
            {"block_id": calculator, "input": {"operation": "Divide", "a": 1, "b": 0}},
            {"block_id": "unheard-of", "input": {}},
        ]
        stdin = "\n".join([*(json.dumps(line) for line in lines), "not json", "3"])
        done = command("blocks", "run", "--jsonl", data_dir=home, stdin=stdin)

        answers = [json.loads(line) for line in done.stdout.splitlines()]
        assert answers[0] == {"block_id": calculator, "outputs": [["result", 3.0]], "error": None}
        assert [answer["outputs"] for answer in answers[1:]] == [[]] * 4
        assert "no finite result" in answers[1]["error"]
        assert "unheard-of" in answers[2]["error"]
        assert "line 4" in answers[3]["error"]

    def test_a_block_is_shown(self, home: Path) -> None:
        shown = command("blocks", "show", "Calculator", data_dir=home).stdout

        assert "effect: pure" in shown
        assert "operation*" in shown
        assert command("blocks", "show", "Calculatr", data_dir=home).returncode == 2


class TestGraphs:
    def test_push_list_pull(self, home: Path, adder: Path) -> None:
        saved = as_json(command("graphs", "push", str(adder), "--json", data_dir=home))
        adder.write_text(dump({**json.loads(adder.read_text()), "description": "It adds."}))
        again = as_json(
            command("graphs", "push", str(adder), "--id", saved["id"], "--json", data_dir=home)
        )
        listed = as_json(command("graphs", "list", "--json", data_dir=home))
        pulled = json.loads(command("graphs", "pull", saved["id"], data_dir=home).stdout)

        assert (saved["version"], again["version"]) == (1, 2)
        assert {"id": saved["id"], "name": "Adder", "version": 2}.items() <= listed[0].items()
        assert (pulled["autograph"], pulled["name"]) == (1, "Adder")


class TestUp:
    def test_two_on_one_directory_and_a_port_that_is_taken(
        self, home: Path, catalog: Catalog, tmp_path: Path
    ) -> None:
        with up(home) as running:
            second = command("up", "--port", "0", data_dir=home)
            assert second.returncode == 3
            assert f"already ({running.url})" in second.stderr

            file = tmp_path / "chain.json"
            file.write_text(dump(write_agent(chain(catalog, 3))))
            done = command("run", str(file), data_dir=home)
            assert (done.returncode, done.stdout) == (0, "3\n")

        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            refused = command("up", "--port", str(taken.getsockname()[1]), data_dir=home)
        assert refused.returncode == 3
        assert "Cannot listen on" in refused.stderr

    def test_a_data_directory_that_is_no_ones(self, tmp_path: Path) -> None:
        (tmp_path / "postgres" / "data").mkdir(parents=True)
        (tmp_path / "postgres" / "data" / "letters.txt").write_text("dear diary")
        refused = command("up", "--port", "0", data_dir=tmp_path)

        assert refused.returncode == 3
        assert "is no PostgreSQL data directory, and not empty" in refused.stderr
        assert (tmp_path / "postgres" / "data" / "letters.txt").read_text() == "dear diary"

    def test_a_database_that_is_not_there(self, tmp_path: Path) -> None:
        environment = {
            **os.environ,
            "AUTOGRAPH_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        }
        done = subprocess.run(
            [*COMMAND, "runs", "list", "--data-dir", str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
            env=environment,
        )

        assert done.returncode == 3
        assert len(done.stderr.strip().splitlines()) == 1
