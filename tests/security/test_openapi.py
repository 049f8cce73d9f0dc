"""Every operation that the API describes, with what fits and with what does not: no fault, nothing undescribed.

The examples are the same on every machine and every day (derandomized). Each operation is tried twice: by
the owner on things that are there, and by somebody else on whatever comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from autograph.api.app import create_app
from autograph.blocks.catalog import Catalog
from autograph.graph.portable import write_agent
from tests.agents import graph, node
from tests.processes import Up, up
from tests.security.people import OWNER, PASSWORD, Town

pytestmark = pytest.mark.timeout(60)

SCHEMA = schemathesis.openapi.from_dict(create_app(None).openapi())
OPERATIONS = {one.ok().label: one.ok() for one in SCHEMA.get_all_operations()}
EXAMPLES = 5
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
OTHER = "other@example.com"


@dataclass
class Person:
    """Somebody who asks, with a session that is renewed when an example has ended it."""

    served: Up
    email: str
    things: dict[str, str] = field(default_factory=dict)
    http: requests.Session = field(default_factory=requests.Session)

    def log_in(self) -> None:
        body = {"email": self.email, "password": PASSWORD, "delivery": "token"}
        answer = self.served.http.post("/api/v1/auth/login", json=body)
        assert answer.status_code == 200, answer.text
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def ensure_logged_in(self) -> None:
        if self.http.get(f"{self.served.url}/api/v1/account").status_code == 401:
            self.log_in()

    def ask(self, case: Case) -> None:
        for name in case.path_parameters or {}:
            if name in self.things and case.method != "DELETE":
                case.path_parameters[name] = self.things[name]
        case.call_and_validate(base_url=self.served.url, session=self.http, checks=CHECKS)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    unlimited = {
        f"AUTOGRAPH_RATE_{kind}": "0" for kind in ("READ", "WRITE", "EXECUTE", "AUTH", "PUBLIC")
    }
    with up(tmp_path_factory.mktemp("up"), **unlimited) as running:
        answer = running.http.post("/api/v1/auth/set-up", json=_account(OWNER))
        assert answer.status_code == 201, answer.text
        running.http.cookies.clear()
        answer = running.http.post("/api/v1/auth/sign-up", json=_account(OTHER))
        assert answer.status_code == 202, answer.text
        yield running


@pytest.fixture(scope="module")
def owner(served: Up, catalog: Catalog) -> Iterator[Person]:
    person = Person(served, OWNER)
    person.log_in()
    person.things = _things(person, catalog)
    yield person
    person.http.close()


@pytest.fixture(scope="module")
def other(served: Up) -> Iterator[Person]:
    person = Person(served, OTHER)
    person.log_in()
    yield person
    person.http.close()


@pytest.mark.seed("D5-S10")
@pytest.mark.parametrize("label", OPERATIONS)
def test_whatever_is_sent_the_answer_is_described(label: str, owner: Person, other: Person) -> None:
    operation = OPERATIONS[label]
    for person in (owner, other):
        person.ensure_logged_in()
        attack(person, operation)


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**63, 10**30])
async def test_a_version_that_no_database_can_count_is_422(settled: Town, number: int) -> None:
    token = await settled.person("Ada")
    some = f"/api/v1/graphs/{settled.platform.owner.user_id}/versions"
    async with settled.client(token) as http:
        answers = [
            await http.get(f"{some}/{number}/diff/1"),
            await http.get(f"{some}/1/diff/{number}"),
            await http.post(f"{some}/{number}/activate"),
        ]
    assert [one.status_code for one in answers] == [422] * 3


def attack(person: Person, operation: Any) -> None:
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def tried(case: Case) -> None:
            person.ask(case)

        try:
            tried()
        except Unsatisfiable:  # nothing that it takes can be wrong: it takes nothing, or any text
            assert mode is GenerationMode.NEGATIVE


def _account(email: str) -> dict[str, str]:
    return {"email": email, "password": PASSWORD, "name": "Somebody"}


def _things(person: Person, catalog: Catalog) -> dict[str, str]:
    """Make one of everything that a path names."""
    api = f"{person.served.url}/api/v1"
    ask = graph(
        [
            node(catalog, "ask", "HumanInTheLoop", data={"post": "Hi"}, name="Post"),
            node(catalog, "out", "AgentOutput", name="out"),
        ],
        "ask.approved_data -> out.value",
    )
    asking = person.http.post(f"{api}/graphs", json=write_agent(ask)).json()["id"]
    person.http.post(f"{api}/graphs/{asking}/execute", json={}, params={"wait": 5})
    reviews: list[Any] = []
    while not reviews:
        reviews = person.http.get(f"{api}/reviews").json()["reviews"]
    quick = graph([node(catalog, "out", "AgentOutput", name="out", value=1)])
    graph_id = person.http.post(f"{api}/graphs", json=write_agent(quick)).json()["id"]
    run = person.http.post(f"{api}/graphs/{graph_id}/execute", json={}, params={"wait": 30}).json()
    folder = person.http.post(f"{api}/library/folders", json={"name": "Folder"}).json()
    key = person.http.post(f"{api}/api-keys", json={"name": "k", "scopes": ["IDENTITY"]}).json()
    return {
        "graph_id": graph_id,
        "run_id": run["id"],
        "review_id": reviews[0]["id"],
        "key_id": key["id"],
        "folder_id": folder["id"],
        "block_id": "AgentOutput",
    }
