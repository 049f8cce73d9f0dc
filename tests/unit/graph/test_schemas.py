from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from autograph.graph.coerce import compile_coercer, types_of
from autograph.graph.model import Node
from autograph.graph.schemas import (
    InvalidInputs,
    check_inputs,
    credentials_schema,
    has_human_in_the_loop,
    has_sensitive_action,
    input_schema,
    node_input_pins,
    node_output_pins,
    output_schema,
    trigger,
)
from tests.unit.graph.making import (
    AGENT,
    CALCULATOR,
    DROPDOWN,
    INPUT,
    MAILER,
    MANUAL_WEBHOOK,
    NUMBER_INPUT,
    OUTPUT,
    REVIEW,
    SPECS,
    WEBHOOK,
    any_json,
    graph,
    node,
    spec,
)


class TestInputSchema:
    def test_has_a_property_for_each_input_in_order(self) -> None:
        made = graph(
            [
                node("b", NUMBER_INPUT, name="Count", title="How many", description="Of them"),
                node("x", CALCULATOR),
                node("a", INPUT, name="Who"),
            ]
        )

        schema = input_schema(made, SPECS)

        assert list(schema["properties"]) == ["Count", "Who"]
        assert schema["properties"]["Count"] == {
            "anyOf": [{"type": "integer"}, {"type": "null"}],
            "secret": False,
            "advanced": False,
            "title": "How many",
            "description": "Of them",
        }
        assert schema["properties"]["Who"] == {"secret": False, "advanced": False, "title": "Who"}

    def test_asks_for_what_has_no_value(self) -> None:
        made = graph([node("a", INPUT, name="A", value=None), node("b", INPUT, name="B", value="")])

        schema = input_schema(made, SPECS)

        assert schema["required"] == ["A"]
        assert schema["properties"]["B"]["default"] == ""

    def test_is_advanced_only_with_a_value(self) -> None:
        made = graph(
            [
                node("a", INPUT, name="A", advanced=True),
                node("b", INPUT, name="B", advanced=True, value=1),
            ]
        )

        properties = input_schema(made, SPECS)["properties"]

        assert (properties["A"]["advanced"], properties["B"]["advanced"]) == (False, True)

    def test_does_not_tell_the_value_of_a_secret(self) -> None:
        schema = input_schema(
            graph([node("a", INPUT, name="Key", secret=True, value="hidden")]), SPECS
        )

        assert schema["required"] == []
        assert "hidden" not in str(schema)
        assert schema["properties"]["Key"]["secret"] is True

    @pytest.mark.parametrize("pin", ["options", "placeholder_values"])
    def test_offers_the_choices_of_a_list(self, pin: str) -> None:
        made = graph([node("a", DROPDOWN, name="Colour", **{pin: ["red", "blue"]})])

        found = input_schema(made, SPECS)["properties"]["Colour"]

        assert found["enum"] == ["red", "blue"]
        assert "anyOf" not in found

    def test_two_inputs_of_one_name_share_the_first_ones_property(self) -> None:
        made = graph([node("a", INPUT, name="N", value=1), node("b", NUMBER_INPUT, name="N")])

        schema = input_schema(made, SPECS)

        assert (list(schema["properties"]), schema["required"]) == (["N"], [])
        assert schema["properties"]["N"]["default"] == 1

    @pytest.mark.parametrize("name", [None, 5, ["a"]])
    def test_passes_over_an_input_without_a_name(self, name: Any) -> None:
        assert input_schema(graph([node("a", INPUT, name=name)]), SPECS)["properties"] == {}


class TestOutputSchema:
    def test_has_a_property_for_each_output_all_of_them_required(self) -> None:
        made = graph([node("a", OUTPUT, name="Sum", title="The sum"), node("b", OUTPUT, name="B")])

        schema = output_schema(made, SPECS)

        assert schema["required"] == ["Sum", "B"]
        assert schema["properties"]["Sum"]["title"] == "The sum"


class TestCredentialsSchema:
    def test_asks_once_for_each_kind_of_access(self) -> None:
        made = graph([node("a", MAILER), node("b", MAILER), node("c", WEBHOOK)])

        schema = credentials_schema(made, SPECS)

        assert schema["properties"]["smtp_user_password_credentials"] == {
            "type": "object",
            "credentials_provider": ["smtp"],
            "credentials_types": ["user_password"],
            "credentials_scopes": ["send"],
        }
        assert schema["required"] == [
            "smtp_user_password_credentials",
            "github_api_key-oauth2_credentials",
        ]

    def test_counts_agents_inside(self) -> None:
        made = graph([], sub_graphs=(graph([node("a", MAILER)], id="g-2"),))

        assert list(credentials_schema(made, SPECS)["properties"]) == [
            "smtp_user_password_credentials"
        ]

    def test_joins_the_scopes_of_all_nodes(self) -> None:
        reader = replace(
            SPECS[MAILER],
            id="reader",
            credential_fields={
                "credentials": {
                    **SPECS[MAILER].credential_fields["credentials"],
                    "credentials_scopes": ["read"],
                }
            },
        )
        made = graph([node("a", MAILER), node("b", "reader")])

        (found,) = credentials_schema(made, {**SPECS, "reader": reader})["properties"].values()

        assert found["credentials_scopes"] == ["read", "send"]

    def test_an_optional_one_is_required_only_when_another_node_needs_it(self) -> None:
        optional = Node("a", MAILER, credentials_optional=True)

        assert credentials_schema(graph([optional]), SPECS)["required"] == []
        assert credentials_schema(graph([optional, node("b", MAILER)]), SPECS)["required"]


class TestTrigger:
    def test_says_what_must_be_set_up(self) -> None:
        found = trigger(graph([node("m", MAILER), node("hook", WEBHOOK)]), SPECS)

        assert found is not None
        assert found["provider"] == "github"
        assert found["credentials_input_name"] == "github_api_key-oauth2_credentials"
        assert list(found["config_schema"]["properties"]) == ["repo", "payload"]
        assert found["config_schema"]["required"] == ["repo"]

    def test_a_manual_one_needs_no_credentials_though_others_do(self) -> None:
        found = trigger(graph([node("m", MAILER), node("hook", MANUAL_WEBHOOK)]), SPECS)

        assert found is not None
        assert found["provider"] == "generic_webhook"
        assert found["credentials_input_name"] is None

    def test_there_is_none(self) -> None:
        assert trigger(graph([node("m", MAILER), node("x", "unknown")]), SPECS) is None


class TestFlags:
    def test_a_person_is_asked(self) -> None:
        assert has_human_in_the_loop(graph([node("a", REVIEW)]), SPECS)
        assert not has_human_in_the_loop(graph([node("a", MAILER)]), SPECS)

    def test_something_sensitive_is_done(self) -> None:
        assert has_sensitive_action(graph([node("a", MAILER)]), SPECS)
        assert not has_sensitive_action(graph([node("a", REVIEW)]), SPECS)


class TestNodePins:
    def test_are_those_of_the_block(self) -> None:
        found = node_input_pins(node("a", CALCULATOR), SPECS[CALCULATOR])

        assert list(found) == ["operation", "a", "b", "round_result"]

    def test_of_an_agent_are_those_it_takes_and_gives(self) -> None:
        placed = node(
            "a",
            AGENT,
            input_schema={"properties": {"Who": {"type": "string"}}},
            output_schema={"properties": {"Greeting": {"type": "string"}}},
        )

        assert node_input_pins(placed, SPECS[AGENT])["Who"] == {"type": "string"}
        assert list(node_output_pins(placed, SPECS[AGENT])) == ["error", "Greeting"]

    @given(any_json)
    def test_a_schema_from_a_file_is_never_more_than_we_understand(self, schema: Any) -> None:
        placed = node("a", AGENT, input_schema={"properties": {"x": schema}})

        found = node_input_pins(placed, SPECS[AGENT])["x"]
        compile_coercer(found)

        assert types_of(found)

    @pytest.mark.parametrize(
        "odd",
        [
            5,
            [],
            {"type": "file"},
            {"type": 5},
            {"type": []},
            {"type": ["string", {}]},
            {"anyOf": 5},
            {"anyOf": []},
            {"anyOf": [5]},
            {"enum": 5},
            {"enum": []},
            {"items": 5},
            {"properties": 5},
            {"x-aliases": 5},
            {"$ref": "#/$defs/Gone"},
        ],
    )
    def test_what_is_odd_in_it_means_any_value(self, odd: Any) -> None:
        placed = node("a", AGENT, input_schema={"properties": {"x": odd}})

        assert types_of(node_input_pins(placed, SPECS[AGENT])["x"]) == types_of({})


class TestCheckInputs:
    SCHEMA = input_schema(
        graph(
            [
                node("a", INPUT, name="Who"),
                node("b", NUMBER_INPUT, name="Count", value=3),
                node("c", DROPDOWN, name="Colour", options=["red", "blue"], value="red"),
            ]
        ),
        SPECS,
    )

    def test_gives_them_back_as_what_the_agent_takes(self) -> None:
        found = check_inputs(self.SCHEMA, {"Who": "Ann", "Count": "7", "Colour": "blue"})

        assert found == {"Who": "Ann", "Count": 7, "Colour": "blue"}

    def test_leaves_out_what_has_a_value_of_its_own(self) -> None:
        assert check_inputs(self.SCHEMA, {"Who": "Ann"}) == {"Who": "Ann"}

    def test_tells_everything_that_is_wrong_at_once(self) -> None:
        with pytest.raises(InvalidInputs) as raised:
            check_inputs(self.SCHEMA, {"Count": "many", "Colour": "green", "Couunt": 1, "Zzz": 2})

        assert raised.value.code == "run.invalid_inputs"
        assert raised.value.details["errors"] == {
            "Count": 'Expected a whole number, got "many".',
            "Colour": 'Expected one of "red", "blue", got "green".',
            "Couunt": "The agent has no such input. Did you mean 'Count'?",
            "Zzz": "The agent has no such input. It takes: 'Who', 'Count', 'Colour'.",
            "Who": "This input needs a value.",
        }
        assert "Who: This input needs a value." in raised.value.message

    def test_null_is_no_value(self) -> None:
        with pytest.raises(InvalidInputs) as raised:
            check_inputs(self.SCHEMA, {"Who": None, "Count": None})

        assert list(raised.value.details["errors"]) == ["Who"]

    def test_an_agent_that_takes_nothing_says_so(self) -> None:
        with pytest.raises(InvalidInputs, match="It takes: none"):
            check_inputs(input_schema(graph([]), SPECS), {"Who": 1})

    def test_an_input_whose_block_has_a_default_is_optional(self) -> None:
        toggle = spec(
            "toggle",
            "Toggle",
            {"name": {"type": "string"}, "value": {"type": "boolean", "default": False}},
            {"result": {"type": "boolean"}},
            kind=SPECS[INPUT].kind,
        )
        schema = input_schema(graph([node("a", "toggle", name="On")]), {"toggle": toggle})

        assert check_inputs(schema, {}) == {}
        assert check_inputs(schema, {"On": "true"}) == {"On": True}
