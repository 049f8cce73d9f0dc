"""Models asked over real sockets, in each wire protocol, by servers that behave well and badly."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from autograph.blocks.models import access as access_module
from autograph.blocks.models import client as client_module
from autograph.blocks.models.catalogue import load
from autograph.blocks.models.shelf import ModelShelf
from autograph.blocks.sdk import (
    ApiKeySecret,
    CostKind,
    CredentialRef,
    HostScopedSecret,
    Message,
    ModelAnswer,
    ModelError,
    ModelRequest,
    Tool,
    ToolCall,
)
from autograph.blocks.sdk.testing import FakeContext
from autograph.infra.egress.late import LateClient
from autograph.infra.egress.ports import Rules
from tests.modelservers import ModelServer

KEY = "sk-a-secret-key"
MODELS = {
    "openai": "gpt-4o",
    "anthropic": "claude-sonnet-4-5-20250929",
    "gemini": "gemini-2.5-flash",
    "ollama": "llama3.2",
    "open_router": "mistralai/mistral-nemo",
}
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
FORECAST = Tool("forecast", "Tells the weather.", CITY)


_opened: list[LateClient] = []


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as made:
        yield made
        while _opened:
            await _opened.pop().close()


@pytest.fixture(params=sorted(MODELS))
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=sorted(MODELS.keys() - {"ollama"}))
def keyed(request: pytest.FixtureRequest) -> str:
    """A provider that wants a key."""
    return str(request.param)


def context(server: ModelServer, **more: Any) -> FakeContext:
    urls = dict.fromkeys(load().providers, server.url)
    http = LateClient(Rules(inside=(ip_network("127.0.0.0/8"),)))
    _opened.append(http)
    return FakeContext(
        shelf=ModelShelf(urls=urls, **more), secrets={"c": ApiKeySecret(KEY)}, http=http
    )


def mine(provider: str) -> CredentialRef:
    return CredentialRef(id="c", provider=provider, type="api_key", title="My account")


async def ask(
    ctx: FakeContext, provider: str, text: str = "Hi", **more: Any
) -> tuple[ModelAnswer, list[str]]:
    pieces: list[str] = []
    messages = more.pop("messages", [Message.system("Be kind."), Message.user(text)])
    request = ModelRequest(MODELS[provider], messages, **more)
    answer = await ctx.models.ask(request, mine(provider), on_text=pieces.append)
    return answer, pieces


@pytest.mark.seed("D1-38")
class TestEveryProtocol:
    async def test_a_text_streams(self, server: ModelServer, provider: str) -> None:
        server.says("Hel", "lo", " wörld")
        answer, pieces = await ask(context(server), provider)

        assert answer.text == "Hello wörld"
        assert pieces == ["Hel", "lo", " wörld"]

    async def test_tokens_are_counted(self, server: ModelServer, provider: str) -> None:
        server.says("Hi")
        ctx = context(server)
        answer, _ = await ask(ctx, provider)

        usage = answer.usage
        assert (usage.input_tokens, usage.output_tokens, usage.cached_tokens) == (1000, 500, 200)
        assert ctx.usage == {CostKind.TOKENS: 1500}, "on one's own account nothing is charged"

    async def test_tools_are_offered_and_called(self, server: ModelServer, provider: str) -> None:
        calls = [("forecast", '{"city": "Oslo"}'), ("forecast", '{"city": "Rome"}')]
        server.says(calls=calls)
        answer, _ = await ask(context(server), provider, tools=[FORECAST])

        assert [(one.id, one.name, dict(one.arguments)) for one in answer.tool_calls] == [
            ("call_0", "forecast", {"city": "Oslo"}),
            ("call_1", "forecast", {"city": "Rome"}),
        ]
        assert "Tells the weather." in json.dumps(server.asked[0][2])

    async def test_what_tools_said_goes_back(self, server: ModelServer, provider: str) -> None:
        server.says("It rains.")
        messages = [
            Message.user("Weather?"),
            Message.assistant("", [ToolCall("call_0", "forecast", {"city": "Oslo"})]),
            Message.tool("call_0", "rain"),
        ]
        await ask(context(server), provider, messages=messages, tools=[FORECAST])

        sent = json.dumps(server.asked[0][2])
        assert "rain" in sent
        assert "Oslo" in sent

    async def test_it_is_held_to_a_schema(self, server: ModelServer, provider: str) -> None:
        if provider == "anthropic":
            server.says(calls=[("answer", '{"city": "Oslo"}')])
        else:
            server.says('{"city": ', '"Oslo"}')
        answer, _ = await ask(context(server), provider, schema=CITY)

        assert json.loads(answer.text) == {"city": "Oslo"}
        assert answer.tool_calls == []
        assert '"city"' in json.dumps(server.asked[0][2])

    async def test_the_key_is_where_the_provider_wants_it(
        self, server: ModelServer, keyed: str
    ) -> None:
        server.says("Hi")
        await ask(context(server), keyed)

        header = {"anthropic": "x-api-key", "gemini": "x-goog-api-key"}
        path, headers, body = server.asked[0]
        assert KEY in headers[header.get(keyed, "Authorization")]
        assert KEY not in path
        assert KEY not in json.dumps(body)

    @pytest.mark.seed("D8-16")
    async def test_a_wrong_key_is_told_in_the_providers_words_without_the_key(
        self, server: ModelServer, keyed: str
    ) -> None:
        server.fails(401, {"error": {"message": f"Incorrect API key provided: {KEY}."}})
        with pytest.raises(ModelError) as failed:
            await ask(context(server), keyed)

        assert failed.value.code == "model.unauthorized"
        assert "Incorrect API key provided" in failed.value.message
        assert "My account" in failed.value.message
        assert KEY not in failed.value.message
        assert len(server.asked) == 1

    async def test_a_refusal_that_passes_is_asked_again(
        self, server: ModelServer, provider: str
    ) -> None:
        server.fails(429, {"error": {"message": "Slow down."}}, {"Retry-After": "0.01"})
        server.fails(503, "busy", {"Retry-After": "0.01"})
        server.says("Hi")
        answer, _ = await ask(context(server), provider)

        assert answer.text == "Hi"
        assert len(server.asked) == 3

    @pytest.mark.seed("D8-16")
    async def test_it_is_not_asked_for_ever(self, server: ModelServer, provider: str) -> None:
        server.fails(500, {"error": {"message": "Oh no."}}, {"Retry-After": "0.01"})
        with pytest.raises(ModelError, match=r"Oh no\.") as failed:
            await ask(context(server), provider)

        assert failed.value.code == "model.unavailable"
        assert len(server.asked) == 3

    async def test_a_long_wait_is_left_to_the_nodes_policy(
        self, server: ModelServer, provider: str
    ) -> None:
        server.fails(429, {"error": {"message": "Tomorrow."}}, {"Retry-After": "3600"})
        with pytest.raises(ModelError) as failed:
            await ask(context(server), provider)

        assert failed.value.code == "model.rate_limited"
        assert failed.value.retry_after == timedelta(hours=1)
        assert len(server.asked) == 1

    async def test_a_stream_that_breaks_off_is_begun_anew(
        self, server: ModelServer, provider: str
    ) -> None:
        server.sends(b'data: {"choices": [{"delta": {"content": "Half"}}]}\n\n')
        server.says("Whole")
        answer, pieces = await ask(context(server), provider)

        assert answer.text == "Whole"
        assert pieces[-2:] == ["", "Whole"]

    @pytest.mark.parametrize(
        "body", [b"data: {nonsense\n\n", b"data: [1, 2]\n\n", b'data: "text"\n\n']
    )
    async def test_what_cannot_be_read_is_said_so(
        self, server: ModelServer, provider: str, body: bytes
    ) -> None:
        server.sends(body)
        with pytest.raises(ModelError, match="cannot be read") as failed:
            await ask(context(server), provider)

        assert failed.value.code == "model.bad_answer"

    async def test_a_page_instead_of_an_answer(self, server: ModelServer, provider: str) -> None:
        server.fails(403, "<html><body>Blocked</body></html>")
        with pytest.raises(ModelError, match="HTTP 403"):
            await ask(context(server), provider)

    async def test_silence_ends(
        self, server: ModelServer, provider: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(access_module, "_SILENCE_SECONDS", 0.05)
        monkeypatch.setattr(client_module, "_FIRST_WAIT", timedelta(milliseconds=1))
        server.sends(b": wait\n\n", b"data: {}\n\n", pause=30)
        begun = time.monotonic()
        with pytest.raises(ModelError, match="silent"):
            await ask(context(server), provider)

        assert time.monotonic() - begun < 20


class TestOpenAI:
    async def test_an_answer_in_one_piece_is_read_too(self, server: ModelServer) -> None:
        message = {"role": "assistant", "content": "Whole."}
        whole = {"choices": [{"message": message}], "usage": {"prompt_tokens": 3}}
        server.sends(json.dumps(whole).encode(), kind="application/json")
        answer, pieces = await ask(context(server), "openai")

        assert (answer.text, pieces, answer.usage.input_tokens) == ("Whole.", ["Whole."], 3)

    async def test_a_model_that_is_gone_gets_the_nearest_names(self, server: ModelServer) -> None:
        server.fails(404, {"error": {"message": "The model does not exist"}})
        with pytest.raises(ModelError, match="does not exist") as failed:
            await ask(context(server), "openai")

        assert "gpt-4o" in failed.value.message

    async def test_a_failure_in_the_middle_of_an_answer(self, server: ModelServer) -> None:
        server.sends(b'data: {"error": {"message": "Out of memory"}}\n\n')
        ctx = context(server)
        ctx.shelf = ModelShelf(urls={"openai": server.url})
        with pytest.raises(ModelError, match="Out of memory"):
            await ask(ctx, "openai")

    async def test_coding_models_speak_another_protocol(self, server: ModelServer) -> None:
        server.says("def", " f(): ...")
        request = ModelRequest("gpt-5.1-codex", [Message.user("Code.")], effort="high")
        answer = await context(server).models.ask(request, mine("openai"))

        assert (answer.text, answer.answer_id) == ("def f(): ...", "resp_1")
        assert server.asked[0][0] == "/v1/responses"
        assert server.asked[0][2]["reasoning"]["effort"] == "high"

    async def test_texts_become_vectors(self, server: ModelServer) -> None:
        rows = [{"index": 1, "embedding": [0.2]}, {"index": 0, "embedding": [0.1]}]
        server.sends(json.dumps({"data": rows}).encode(), kind="application/json")
        found = await context(server).models.embed(
            "text-embedding-3-small", ["a", "b"], mine("openai")
        )

        assert found == [[0.1], [0.2]]


class TestAccounts:
    @pytest.mark.seed("D1-E28")
    async def test_the_installations_own_account_costs_credits(self, server: ModelServer) -> None:
        server.says("Hi")
        ctx = context(server, keys={"openai": "sk-ours"})
        await ctx.models.ask(ModelRequest("gpt-4o", [Message.user("Hi")]), None)

        # 800 fresh and 200 cached at 375, 500 out at 1,500 credits a million.
        assert ctx.usage[CostKind.COST_USD] * 150 == pytest.approx(1.125)
        assert server.asked[0][1]["Authorization"] == "Bearer sk-ours"

    async def test_without_any_account_the_way_out_is_said(self, server: ModelServer) -> None:
        with pytest.raises(ModelError, match="AUTOGRAPH_MODEL_KEYS"):
            await context(server).models.ask(ModelRequest("gpt-4o", [Message.user("Hi")]), None)

        assert server.asked == []

    async def test_a_key_goes_to_its_own_provider_only(self, server: ModelServer) -> None:
        with pytest.raises(ModelError, match="is for anthropic") as failed:
            await context(server).models.ask(
                ModelRequest("gpt-4o", [Message.user("Hi")]), mine("anthropic")
            )

        assert failed.value.code == "credential.mismatch"
        assert server.asked == []

    @pytest.mark.parametrize("model", ["mine@{url}", "llama3.2"])
    async def test_no_key_goes_where_an_agents_author_says(
        self, server: ModelServer, model: str
    ) -> None:
        server.says("Hi")
        ctx = context(server, keys={"openai": "sk-ours", "ollama": "sk-ours"})
        address = server.url.removeprefix("http://").removesuffix("/v1")
        request = ModelRequest(model.format(url=server.url), [Message.user("Hi")], address=address)
        await ctx.models.ask(request, None)

        assert "sk-ours" not in json.dumps(server.asked[0][1])
        with pytest.raises(ModelError):
            await ctx.models.ask(
                ModelRequest(f"gpt-4o@{server.url}", [Message.user("Hi")]), mine("openai")
            )

    async def test_a_server_of_ones_own_gets_what_was_meant_for_it(
        self, server: ModelServer
    ) -> None:
        server.says("Hi")
        ctx = context(server)
        headers = {"X-Api-Key": "open sesame"}
        ctx.secrets["h"] = HostScopedSecret("127.0.0.1", headers)
        reference = CredentialRef(id="h", provider="http", type="host_scoped")
        await ctx.models.ask(ModelRequest(f"mine@{server.url}", [Message.user("Hi")]), reference)

        assert server.asked[0][1]["X-Api-Key"] == "open sesame"


class TestNames:
    @pytest.mark.parametrize(
        ("name", "found"),
        [
            ("gpt-4o", "gpt-4o"),
            ("GPT4O", "gpt-4o"),
            ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929"),
            ("claude-3-5-sonnet-latest", "claude-sonnet-4-5-20250929"),
            ("open_router:any/model", "any/model"),
        ],
    )
    def test_names_lead_to_models(self, name: str, found: str) -> None:
        assert load().find(name).id == found

    @pytest.mark.parametrize("name", ["gpt-4oo", "", "nobody:x", "x@ftp://host", "x@"])
    def test_what_is_no_model_is_said_so(self, name: str) -> None:
        with pytest.raises(ModelError) as failed:
            load().find(name)

        assert failed.value.code == "model.unknown"

    def test_the_nearest_names_are_told(self) -> None:
        with pytest.raises(ModelError, match="gpt-4o"):
            load().find("gpt4-o")

    async def test_everything_can_be_answered_by_the_scripted_one(self) -> None:
        ctx = FakeContext(shelf=ModelShelf(only_demo=True, script=[{"reply": "Always this."}]))
        answer = await ctx.models.ask(ModelRequest("o1", [Message.user("Hi")]), mine("openai"))

        assert answer.text == "Always this."
