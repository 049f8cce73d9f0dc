"""Family 6: an agent is data. Reading, validating, writing and comparing one touches nothing of the machine.

A child process does all that under Python's own audit hook, with every block of the catalogue and with
constants that name code, files, commands and addresses.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from autograph.blocks.catalog import Catalog
from autograph.graph.model import Node
from autograph.graph.portable import write_agent
from tests.agents import graph

HOSTILE = [
    "__import__('os').system('touch /tmp/owned')",
    "file:///etc/passwd",
    "http://169.254.169.254/latest/meta-data/",
    "$(touch /tmp/owned)",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "!!python/object/apply:os.system ['id']",
    "antigravity",
]

CHILD = """
import json, sys
from autograph.blocks.catalog import load_catalog
from autograph.graph.diff import diff
from autograph.graph.portable import read_agent, write_agent, write_agent_autogpt
from autograph.graph.validate import validate
from autograph.graph import schemas

specs = {key: spec for key, spec in load_catalog().specs().items()}
documents = json.load(sys.stdin)

def work(document):
    graph = read_agent(document)
    validate(graph, specs)
    schemas.input_schema(graph, specs); schemas.output_schema(graph, specs); schemas.credentials_schema(graph, specs)
    write_agent(graph, specs, keep_secrets=False)
    write_agent_autogpt(graph, specs)
    return graph

graphs = [work(documents[0]), work(documents[0])]     # what is imported late is imported now
diff(*graphs)
touched, is_on = [], True
WATCHED = ("open", "socket.", "subprocess.", "os.", "import", "exec", "compile", "ctypes.", "shutil.", "urllib.")

def hook(event, arguments):
    if is_on and event.startswith(WATCHED):
        touched.append([event, repr(arguments)[:200]])

sys.addaudithook(hook)
after = [work(one) for one in documents]
diff(*after)
is_on = False
print(json.dumps(touched))
"""


def test_an_agent_with_every_block_touches_nothing(catalog: Catalog) -> None:
    documents = [
        write_agent(
            graph(
                Node(f"n{number}", block.id, _constants(block, text))
                for number, block in enumerate(catalog)
            )
        )
        for text in HOSTILE[:2]
    ]
    for number, text in enumerate(HOSTILE):
        documents[number % 2]["nodes"][number]["data"] = {"code": text, text: text}
    assert _touched(documents) == []


def test_the_hook_would_notice() -> None:
    noisy = CHILD.replace("after = [", "open('/etc/hostname').close(); after = [")
    assert _touched([write_agent(graph([]))] * 2, noisy)[0][0] == "open"


def _constants(block: Any, text: str) -> dict[str, Any]:
    pins = block.spec().input_schema.get("properties", {})
    return {name: text for name, schema in pins.items() if schema.get("type") == "string"}


def _touched(documents: list[Any], source: str = CHILD) -> list[list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", source],
        input=json.dumps(documents),
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))
