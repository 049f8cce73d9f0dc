from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from autograph.graph.model import Graph, Node, Position
from autograph.graph.portable import (
    dump,
    read_agent,
    restore_secrets,
    write_agent,
    write_agent_autogpt,
)
from tests.unit.graph.making import (
    AGENT,
    CALCULATOR,
    FIXTURES,
    INPUT,
    MAILER,
    OUTPUT,
    SPECS,
    TEMPLATE,
    WEBHOOK,
    graph,
    graphs,
    load,
    node,
)

OWN_FILES = sorted(one.name for one in FIXTURES.glob("*.json"))


def constants_of(document: dict[str, Any], number: int = 0) -> dict[str, Any]:
    return document["nodes"][number].get("constants", {})


class TestRoundTrips:
    @pytest.mark.parametrize("name", OWN_FILES)
    def test_our_form_of_every_shape(self, name: str) -> None:
        read = read_agent(load(name))

        assert read_agent(json.loads(dump(write_agent(read)))) == read
        assert dump(write_agent(read_agent(write_agent(read)))) == dump(write_agent(read))

    @pytest.mark.parametrize("name", OWN_FILES)
    def test_autogpts_form_of_every_shape(self, name: str) -> None:
        read = read_agent(load(name))

        assert read_agent(json.loads(dump(write_agent_autogpt(read, SPECS)))) == read

    @settings(max_examples=40)
    @given(graphs())
    def test_our_form_of_any_graph(self, made: Graph) -> None:
        assert read_agent(json.loads(dump(write_agent(made)))) == made

    @settings(max_examples=40)
    @given(graphs())
    def test_autogpts_form_of_any_graph_but_for_its_secrets(self, made: Graph) -> None:
        public = read_agent(write_agent(made, SPECS, keep_secrets=False))

        written = json.loads(dump(write_agent_autogpt(made, SPECS)))

        assert read_agent(written) == public
        assert Counter(read_agent({**written, "links": None}).links) == Counter(public.links)

    @settings(max_examples=40)
    @given(graphs())
    def test_a_file_without_secrets_stays_as_it_is(self, made: Graph) -> None:
        once = write_agent(made, SPECS, keep_secrets=False)

        assert write_agent(read_agent(once), SPECS, keep_secrets=False) == once


class TestOurForm:
    def test_is_written_out_in_a_fixed_order(self) -> None:
        text = dump(write_agent(read_agent((FIXTURES / "ours.json").read_bytes())))

        assert list(json.loads(text)) == [
            "autograph",
            "id",
            "name",
            "version",
            "description",
            "forked_from",
            "policy",
            "nodes",
            "links",
            "layout",
        ]
        assert text.startswith('{\n  "autograph": 1,\n  "id": ')
        assert text.endswith("}\n")
        assert not text.endswith("\n\n")

    def test_leaves_out_what_is_empty(self) -> None:
        made = graph([Node("a", INPUT)])

        assert write_agent(made) == {
            "autograph": 1,
            "id": "g-1",
            "name": "Made for a test",
            "version": 1,
            "nodes": [{"id": "a", "block_id": INPUT}],
            "links": [],
        }

    def test_keeps_the_layout_apart(self) -> None:
        made = graph([replace(Node("a", INPUT), position=Position(1.5, -2))])
        moved = graph([replace(Node("a", INPUT), position=Position(9, 9))])

        before, after = write_agent(made), write_agent(moved)

        assert before.pop("layout") == {"a": {"x": 1.5, "y": -2}}
        assert after.pop("layout") == {"a": {"x": 9, "y": 9}}
        assert before == after

    def test_keeps_secrets_only_where_it_is_told_to(self) -> None:
        made = graph([node("a", MAILER, to="ann@example.org", pin_code="1234")])

        assert constants_of(write_agent(made)) == {"to": "ann@example.org", "pin_code": "1234"}
        assert constants_of(write_agent(made, SPECS, keep_secrets=False)) == {
            "to": "ann@example.org"
        }

    def test_keeps_text_readable(self) -> None:
        assert "Zoë" in dump(write_agent(graph([], name="Zoë")))


class TestSecretsStayHere:
    @pytest.mark.parametrize(
        ("block_id", "constants"),
        [
            (CALCULATOR, {"api_key": "SECRET"}),
            (CALCULATOR, {"apiKey": "SECRET"}),
            (CALCULATOR, {"API Key": "SECRET"}),
            (CALCULATOR, {"x-api-key": "SECRET"}),
            (CALCULATOR, {"user_password": "SECRET"}),
            (CALCULATOR, {"token": "SECRET"}),
            (CALCULATOR, {"client_secret": ["SECRET"]}),
            (CALCULATOR, {"headers": {"Authorization": "Bearer SECRET"}}),
            (CALCULATOR, {"rows": [{"deep": {"password": "SECRET"}}]}),
            (MAILER, {"credentials": {"id": "SECRET"}}),
            (MAILER, {"pin_code": "SECRET"}),
            (MAILER, {"old_pin": "SECRET"}),
            (MAILER, {"pin_code_#_part": "SECRET"}),
            (INPUT, {"name": "Key", "secret": True, "value": "SECRET"}),
            (OUTPUT, {"name": "Key", "secret": True, "value": "SECRET"}),
            ("a block nobody knows", {"name": "Key", "secret": True, "value": "SECRET"}),
            (
                AGENT,
                {
                    "inputs": {"Door code": "SECRET"},
                    "Door code": "SECRET",
                    "input_schema": {
                        "type": "object",
                        "properties": {
                            "Door code": {"secret": True, "default": "SECRET"},
                            "Access token": {"type": "string", "default": "SECRET"},
                        },
                    },
                },
            ),
            (AGENT, {"input_schema": {"type": "object", "properties": {"token": "SECRET"}}}),
        ],
    )
    def test_no_form_for_others_has_one(self, block_id: str, constants: dict[str, Any]) -> None:
        inside = graph([Node("b", block_id, constants)], id="g-2")
        made = graph([Node("a", block_id, constants)], sub_graphs=(inside,))

        assert "SECRET" in dump(write_agent(made))
        assert "SECRET" not in dump(write_agent(made, SPECS, keep_secrets=False))
        assert "SECRET" not in dump(write_agent_autogpt(made, SPECS))

    def test_a_file_written_without_knowing_the_blocks_has_none_either(self) -> None:
        made = graph([node("a", INPUT, name="Key", secret=True, value="SECRET")])

        assert "SECRET" not in dump(write_agent(made, keep_secrets=False))

    @pytest.mark.parametrize(
        "constants",
        [
            {"max_tokens": 4096},
            {"use_token": True},
            {"password": None},
            {"format": "the secret of {{ token }}"},
            {"values": {"who": "Ann", "token_count": 5}},
            {"secret": True},
        ],
    )
    def test_what_only_sounds_like_one_is_kept(self, constants: dict[str, Any]) -> None:
        made = graph([Node("a", TEMPLATE, constants)])

        assert constants_of(write_agent(made, SPECS, keep_secrets=False)) == constants

    def test_the_inputs_of_an_agent_inside_keep_their_names(self) -> None:
        schema = {
            "type": "object",
            "properties": {"Access token": {"type": "string", "title": "Token", "default": "x"}},
            "required": ["Access token"],
        }
        made = graph([node("a", AGENT, input_schema=schema)])

        found = constants_of(write_agent(made, SPECS, keep_secrets=False))["input_schema"]

        assert found["properties"] == {"Access token": {"type": "string", "title": "Token"}}
        assert found["required"] == ["Access token"]


class TestAutogptsForm:
    @pytest.fixture
    def document(self) -> dict[str, Any]:
        return write_agent_autogpt(read_agent(load("export.json")), SPECS)

    def test_says_again_what_the_file_said(self, document: dict[str, Any]) -> None:
        original = load("export.json")

        for name in (
            "id",
            "version",
            "is_active",
            "name",
            "description",
            "instructions",
            "recommended_schedule_cron",
            "forked_from_id",
            "forked_from_version",
            "user_id",
            "policy",
            "input_schema",
            "output_schema",
            "has_external_trigger",
            "has_human_in_the_loop",
            "has_sensitive_action",
            "trigger_setup_info",
            "credentials_input_schema",
        ):
            assert document[name] == original[name], name

    def test_repeats_links_at_both_of_their_nodes(self, document: dict[str, Any]) -> None:
        first, second, _ = document["links"]
        node_sum = document["nodes"][1]

        assert node_sum["input_links"] == [first]
        assert node_sum["output_links"] == [second]
        assert first["source_id"] == "n-price"
        assert first["is_static"] is True

    def test_gives_every_link_the_same_id_each_time(self, document: dict[str, Any]) -> None:
        again = write_agent_autogpt(read_agent(load("export.json")), SPECS)

        assert document == again
        assert len({one["id"] for one in document["links"]}) == 3

    def test_gives_two_equal_links_two_ids(self) -> None:
        made = graph([node("a", INPUT), node("b", OUTPUT)], ["a.result -> b.value"] * 2)

        ids = [one["id"] for one in write_agent_autogpt(made, SPECS)["links"]]

        assert len(set(ids)) == 2

    def test_keeps_names_places_and_policies_in_metadata(self, document: dict[str, Any]) -> None:
        assert document["nodes"][1]["metadata"] == {
            "position": {"x": 200, "y": 40},
            "customized_name": "Add nineteen",
            "credentials_optional": True,
            "colour": "green",
            "policy": {
                "timeout": 30,
                "retry": {"max": 2, "backoff": 0.5, "on": ["net.timeout"]},
                "on_error": "ignore",
            },
        }

    def test_writes_the_agents_inside_with_schemas_of_their_own(
        self, document: dict[str, Any]
    ) -> None:
        (inside,) = document["sub_graphs"]

        assert inside["input_schema"]["required"] == ["Amount"]
        assert list(inside["output_schema"]["properties"]) == ["Shown"]
        assert "user_id" not in inside

    def test_says_what_starts_it_and_what_it_needs(self) -> None:
        made = graph([node("hook", WEBHOOK, repo="a/b"), node("mail", MAILER, to="x")])

        document = write_agent_autogpt(made, SPECS)

        assert document["has_external_trigger"] is True
        assert document["has_sensitive_action"] is True
        assert document["trigger_setup_info"]["provider"] == "github"
        assert list(document["credentials_input_schema"]["properties"]) == [
            "github_api_key-oauth2_credentials",
            "smtp_user_password_credentials",
        ]

    def test_asks_again_for_a_secret_that_did_not_travel(self) -> None:
        made = graph([node("key", INPUT, name="Key", secret=True, value="hidden")])

        assert write_agent_autogpt(made, SPECS)["input_schema"]["required"] == ["Key"]


class TestSecretsComeBack:
    SAVED = graph(
        [
            node("mail", MAILER, to="ann", pin_code="1234", headers={"x": 1, "token": "t"}),
            node("sum", CALCULATOR, a=1),
        ],
        sub_graphs=(graph([node("in", INPUT, name="K", secret=True, value="hidden")], id="g-2"),),
    )

    def shown(self) -> Graph:
        return read_agent(write_agent(self.SAVED, SPECS, keep_secrets=False))

    def with_mail(self, **constants: Any) -> Graph:
        return replace(self.SAVED, nodes=(Node("mail", MAILER, constants),), sub_graphs=())

    def mail_of(self, made: Graph) -> Any:
        return restore_secrets(made, self.SAVED, SPECS).nodes[0].constants

    def test_into_a_graph_that_was_shown_and_saved_again(self) -> None:
        assert self.shown() != self.SAVED
        assert restore_secrets(self.shown(), self.SAVED, SPECS) == self.SAVED

    def test_beside_what_was_changed(self) -> None:
        found = self.mail_of(self.with_mail(to="bob", headers={"x": 2}))

        assert found == {"to": "bob", "pin_code": "1234", "headers": {"x": 2}}

    def test_but_not_over_a_new_one_nor_over_null(self) -> None:
        assert self.mail_of(self.with_mail(pin_code="9"))["pin_code"] == "9"
        assert self.mail_of(self.with_mail(pin_code=None))["pin_code"] is None

    def test_but_nothing_that_was_no_secret(self) -> None:
        assert "to" not in self.mail_of(self.with_mail())

    def test_but_not_into_another_block_or_node(self) -> None:
        other = replace(self.SAVED, nodes=(Node("mail", TEMPLATE), Node("new", MAILER)))

        restored = restore_secrets(other, self.SAVED, SPECS)

        assert [one.constants for one in restored.nodes] == [{}, {}]

    @settings(max_examples=40)
    @given(graphs())
    def test_into_any_graph(self, made: Graph) -> None:
        shown = read_agent(write_agent(made, SPECS, keep_secrets=False))

        assert restore_secrets(shown, made, SPECS) == made
