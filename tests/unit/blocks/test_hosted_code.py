"""Sandboxes at E2B, as its API and the server in each of them answer: played by a server on this machine."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from autograph.blocks.builtin.code.hosted import ExecuteCodeStep, InstantiateCodeSandbox
from autograph.blocks.sdk import BlockError, Exchanged
from autograph.blocks.sdk.exchanges import MASK, as_json, masked
from autograph.blocks.sdk.recorded import recorded
from autograph.blocks.sdk.testing import FakeContext, run_block

MAKE, INSTALL, SETUP = InstantiateCodeSandbox.examples[0].exchanges
END = InstantiateCodeSandbox.examples[1].exchanges[2]
CONNECT, EXECUTE, _ = ExecuteCodeStep.examples[0].exchanges
SECRETS = InstantiateCodeSandbox.examples[0].secrets
KEY: dict[str, Any] = {"id": "example", "provider": "e2b", "type": "api_key"}
CODE = "print('hi')\nx + 2"


async def make(*exchanges: Exchanged, **values: Any) -> dict[str, Any]:
    async with recorded(exchanges) as http:
        ctx = FakeContext(secrets=dict(SECRETS), http=http)
        return dict(await run_block(InstantiateCodeSandbox, {"credentials": KEY, **values}, ctx))


async def step(
    *exchanges: Exchanged, outputs: list[tuple[str, Any]] | None = None, **values: Any
) -> list[tuple[str, Any]]:
    given = {"credentials": KEY, "sandbox_id": "i62mff4ahtrdfdkyn2esc", "step_code": CODE, **values}
    outputs = [] if outputs is None else outputs
    async with recorded(exchanges) as http:
        ctx = FakeContext(secrets=dict(SECRETS), http=http)
        async for one in ExecuteCodeStep().run(ExecuteCodeStep.accept(given), ctx):
            outputs.append(one)
    return outputs


def answering(exchange: Exchanged, *lines: dict[str, Any], **more: Any) -> Exchanged:
    text = "\n".join(json.dumps(one) for one in lines)
    return replace(exchange, response={"text": text}, **more)


def told(exchange: Exchanged, status: int, message: str) -> Exchanged:
    return replace(
        exchange, status=status, response={"response": {"code": status, "message": message}}
    )


class TestMaking:
    async def test_nothing_to_set_up_is_a_sandbox_alone(self) -> None:
        made = replace(
            MAKE, body={"body": {"templateID": "my-template", "timeout": 60, "secure": True}}
        )

        found = await make(made, template_id=" my-template ", timeout=60)
        assert found == {"sandbox_id": "i62mff4ahtrdfdkyn2esc"}

    async def test_a_key_that_is_none_is_said(self) -> None:
        with pytest.raises(BlockError, match="E2B answered 401: Invalid API key"):
            await make(told(MAKE, 401, "Invalid API key"))

    async def test_a_sandbox_that_cannot_be_ended_hides_no_reason(self) -> None:
        failing = answering(INSTALL, {"type": "error", "name": "OSError", "value": "disk full"})
        with pytest.raises(BlockError, match="OSError: disk full"):
            await make(MAKE, failing, told(END, 500, "no"), setup_commands=["pip install cowsay"])

    async def test_what_fails_after_it_was_made_ends_it(self) -> None:
        gone = replace(INSTALL, status=502, response={"text": "bad gateway"})
        with pytest.raises(BlockError, match="The sandbox has ended"):
            await make(MAKE, gone, END, setup_commands=["pip install cowsay"])

    @pytest.mark.parametrize(
        "answer",
        [
            {"sandboxID": "a/b", "domain": "e2b.app"},
            {"sandboxID": "a", "domain": "e2b.app/evil"},
            {"sandboxID": "a", "domain": "user@localhost"},
            {"sandboxID": 7},
            [],
        ],
    )
    async def test_an_answer_leads_to_no_other_place(self, answer: Any) -> None:
        with pytest.raises(BlockError, match="names no sandbox"):
            await make(replace(MAKE, response={"response": answer}))

    def test_what_lets_one_in_is_in_no_recording(self) -> None:
        answer = {**MAKE.response["response"], "trafficAccessToken": "example-token"}  # type: ignore[dict-item]
        kept = json.dumps(
            as_json(masked(replace(MAKE, response={"response": answer}))), ensure_ascii=False
        )

        assert "example-token" not in kept
        assert kept.count(MASK) == 2


class TestSteps:
    async def test_results_are_given_in_all_their_forms(self) -> None:
        picture = {"type": "result", "png": "iVBORw0KGgo=", "text": "<Figure>", "html": None}
        main = {"type": "result", "text": "{}", "json": {"a": 1}, "is_main_result": True}
        found = await step(CONNECT, answering(EXECUTE, picture, main, {"type": "yet unknown"}))

        forms = {"text": "{}", "json": {"a": 1}}
        assert found == [
            ("main_result", forms),
            ("results", [{"png": "iVBORw0KGgo=", "text": "<Figure>"}, forms]),
            ("response", "{}"),
        ]

    @pytest.mark.parametrize("language", ["js", "bash", "r", "java"])
    async def test_a_language_is_named_as_it_is(self, language: str) -> None:
        asked = replace(EXECUTE, body={"body": {"code": CODE, "language": language}})
        found = await step(CONNECT, answering(asked), language=language)

        assert found == []

    async def test_private_sandboxes_are_shown_their_token(self) -> None:
        answer = {**CONNECT.response["response"], "trafficAccessToken": "traffic"}  # type: ignore[dict-item]
        shown = {**EXECUTE.request_headers, "E2B-Traffic-Access-Token": "traffic"}
        found = await step(
            replace(CONNECT, response={"response": answer}),
            answering(replace(EXECUTE, request_headers=shown)),
        )

        assert found == []

    async def test_code_that_fails_gives_out_what_it_printed_and_is_ended_with(self) -> None:
        failing = answering(
            EXECUTE,
            {"type": "stdout", "text": "hi\n"},
            {"type": "error", "name": "NameError", "value": "x", "traceback": "…"},
        )
        outputs: list[Any] = []
        with pytest.raises(BlockError, match="NameError: x"):
            await step(CONNECT, failing, END, outputs=outputs, dispose_sandbox=True)
        assert outputs == [("stdout_logs", "hi\n")]

    async def test_a_sandbox_that_is_gone_is_said(self) -> None:
        with pytest.raises(BlockError, match="E2B answered 404: sandbox not found"):
            await step(told(CONNECT, 404, "sandbox not found"))

    async def test_one_that_has_ended_already_is_as_good_as_ended(self) -> None:
        found = await step(CONNECT, EXECUTE, told(END, 404, "not found"), dispose_sandbox=True)

        assert found[-1] == ("response", "22")

    @pytest.mark.parametrize("text", ["<html>", "[1]", "[" * 100_000])
    async def test_an_answer_that_is_none_is_said(self, text: str) -> None:
        with pytest.raises(BlockError, match="what is no JSON"):
            await step(CONNECT, replace(EXECUTE, response={"text": text}))
