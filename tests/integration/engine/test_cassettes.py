"""Real runs against a real provider on loopback, recorded; then the provider is gone, and they are played."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope

from autograph.blocks.catalog import Catalog
from autograph.blocks.sdk import (
    ApiKeySecret,
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Context,
    CredentialRef,
    Effect,
    HttpRequest,
    Json,
    Outputs,
    Scope,
    UserPasswordSecret,
    credential_pin,
    pin,
)
from autograph.bootstrap import Platform, Process, platform
from autograph.bootstrap.offline import play, prove
from autograph.engine.cassette import Cassette, read_cassette
from autograph.engine.state import RunStatus
from autograph.engine.waits import Answer, Choice
from autograph.features.files.models import NewFile
from autograph.features.runs.errors import NotRecorded
from autograph.features.runs.models import Order
from autograph.graph.model import Graph, Node, Policy, Retry
from autograph.graph.portable import dump, write_agent
from autograph.infra.json import encode
from autograph.infra.settings import Settings
from tests.agents import graph, node
from tests.security.people import HERE

pytestmark = pytest.mark.timeout(60)
_SOUND = "data:audio/wav;base64,UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA="
SECRET = "a key/with + signs"


class AskerInput(BlockInput):
    url: str = pin(description="Whom to ask.")
    credentials: CredentialRef | None = credential_pin(
        "anywhere", kinds=["api_key"], description="As whom.", optional=True
    )
    value: Json = pin(None, description="What is sent.")
    deed: str = pin("", description="What else is done.")


class AskerOutput(BlockOutput):
    out: Json = pin(description="What came of it.")


class Asker(Block[AskerInput]):
    """Asks a provider, in every way that a block can."""

    id = "asker"
    name = "Asker"
    description = "For tests."
    effect = Effect.IDEMPOTENT
    Input = AskerInput
    Output = AskerOutput

    async def run(self, input: AskerInput, ctx: Context) -> Outputs:
        params = {}
        headers = {"Content-Type": "application/json"}
        if input.credentials is not None:
            secret = await ctx.credential(input.credentials)
            assert isinstance(secret, ApiKeySecret)
            params, headers = {"key": secret.api_key}, {**headers, **secret.headers()}
        body = encode({"value": input.value, "password": "hush-hush", "name": params.get("key")})
        request = HttpRequest("POST", input.url, headers, params, body if input.value else None)
        match input.deed:
            case "stream":
                async with ctx.http.stream(request) as answer:
                    yield "out", b"".join([one async for one in answer.pieces()]).decode()
            case "refuse":
                async with ctx.http.stream(request) as answer:
                    raise BlockError(f"It said {answer.status}.")
            case "moment":
                yield "out", [ctx.now().isoformat(), ctx.random.random()]
            case "file":
                read = await ctx.files.read(str(input.value))
                made = await ctx.files.write("copy.txt", read + b"!")
                yield "out", [read.decode(), made, (await ctx.files.read(made)).decode()]
            case "store":
                before = await ctx.store.get("k", scope=Scope.PERSON)
                await ctx.store.set("k", "after", scope=Scope.PERSON)
                yield "out", [before, await ctx.store.get("k", scope=Scope.PERSON)]
            case _:
                answer = await ctx.http.send(request)
                if answer.status == 503:
                    raise BlockError("Not now.", code="block.busy")
                yield "out", answer.json()


class Provider:
    """Answers on loopback, another thing every time."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.statuses: list[int] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append((str(request.rel_url), await request.text()))
        status = self.statuses.pop(0) if self.statuses else 200
        said = {"count": len(self.asked), "access_token": "issued-here", "sent": self.asked[-1][1]}
        response = web.json_response(said, status=status)
        response.set_cookie("session", "cookie-of-yours")
        return response


@asynccontextmanager
async def provider() -> AsyncIterator[Provider]:
    made = Provider()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()


@pytest.fixture
def blocks(catalog: Catalog) -> Catalog:
    return Catalog([*catalog, Asker])


@pytest.fixture
async def up(database_url: str, tmp_path: Path, blocks: Catalog) -> AsyncIterator[Platform]:
    settings = Settings(
        database_url=database_url,
        data_dir=tmp_path,
        drain_time=timedelta(seconds=0.1),
        egress_inside=("127.0.0.0/8",),
    )
    async with platform(settings, process=Process.UP, load=lambda: blocks) as made:
        yield made


async def recorded(
    up: Platform,
    made: Graph,
    *,
    meanwhile: Callable[[UUID], Any] | None = None,
    **inputs: Json,
) -> Cassette:
    """Run an agent with the recorder on, and return the cassette that its file holds."""
    saved = await up.agents.create(up.owner, write_agent(made))
    run_id = await up.runs.start_order(up.owner, Order(saved.id, inputs, is_recorded=True))
    if meanwhile is not None:
        await meanwhile(run_id)
    assert await up.runs.wait(up.owner, run_id, at_most=timedelta(seconds=20))
    found = await up.cassettes.cassette(up.owner, run_id)
    return read_cassette(dump(found.as_json()).encode())


def asker(node_id: str, url: str, policy: Policy | None = None, **constants: Json) -> Node:
    return Node(node_id, "asker", {"url": url, **constants}, policy=policy or Policy())


def agent(catalog: Catalog, *nodes: Node) -> Graph:
    """Nodes one after the other; what the last one gives goes out."""
    joins = [f"{one.id}.out -> {other.id}.value" for one, other in pairwise(nodes)]
    out = node(catalog, "o", "AgentOutput", name="o")
    return graph([*nodes, out], *joins, f"{nodes[-1].id}.out -> o.value")


async def test_a_run_is_played_when_its_provider_is_gone(up: Platform, blocks: Catalog) -> None:
    async with provider() as there:
        cassette = await recorded(
            up, agent(blocks, asker("a", f"{there.url}/x?page=2"), asker("b", f"{there.url}/y"))
        )
        asked = len(there.asked)

    made, problems = await prove(cassette, blocks)

    assert problems == []
    assert made.outputs["o"][0]["count"] == 2
    assert asked == 2
    assert [one["request"].split("/", 3)[3] for one in cassette.exchanges] == ["x?page=2", "y"]


async def test_a_request_that_was_not_recorded_is_named_with_the_nearest_one(
    up: Platform, blocks: Catalog
) -> None:
    async with provider() as there:
        made = agent(blocks, asker("a", f"{there.url}/x", value={"n": 1}))
        cassette = await recorded(up, made)
        changed = agent(blocks, asker("a", f"{there.url}/x", value={"n": 2}))
        played = await play(cassette, changed, blocks)

        assert len(there.asked) == 1
    assert played.result.status is RunStatus.FAILED
    assert any(
        "Not in the recording: POST" in one and "'n': 1" in one and "'n': 2" in one
        for one in played.problems
    )
    assert any("not asked for any more" in one for one in played.problems)


async def test_another_output_is_named(up: Platform, blocks: Catalog) -> None:
    fill = node(blocks, "fill", "FillTextTemplate", format="Good {{ day }}", values={"day": "day"})
    out = node(blocks, "o", "AgentOutput", name="o")
    cassette = await recorded(up, graph([fill, out], "fill.output -> o.value"))
    other = replace(fill, constants={**fill.constants, "format": "Bad {{ day }}"})

    played = await play(cassette, graph([other, out], "fill.output -> o.value"), blocks)

    assert played.problems == ['Output \'o\': recorded ["Good day"], now ["Bad day"].']


@pytest.mark.parametrize("deed", ["stream", "moment", "store", "refuse"])
async def test_every_way_to_ask_is_kept(up: Platform, blocks: Catalog, deed: str) -> None:
    await up.blocks.run(
        up.owner, "PersistInformation", {"key": "k", "value": "before", "scope": "across_agents"}
    )
    async with provider() as there:
        cassette = await recorded(
            up, agent(blocks, asker("a", f"{there.url}/x", value="v", deed=deed))
        )

    _, problems = await prove(cassette, blocks)

    assert problems == []
    assert cassette.status is (RunStatus.FAILED if deed == "refuse" else RunStatus.COMPLETED)
    assert cassette.errors == ([{"node": "a", "code": "block.failed"}] if deed == "refuse" else [])


async def test_files_are_kept_with_what_is_in_them(up: Platform, blocks: Catalog) -> None:
    kept = await up.files.upload(up.owner, NewFile("note.txt"), _pieces(b"Hello"))
    reference = f"file://{kept.id}"
    cassette = await recorded(
        up, agent(blocks, asker("a", "http://127.0.0.1/", value=reference, deed="file"))
    )
    await up.files.delete(up.owner, kept.id)

    made, problems = await prove(cassette, blocks)

    assert problems == []
    assert made.outputs["o"][0][0::2] == ["Hello", "Hello!"]


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def test_models_code_and_retries_are_kept(up: Platform, blocks: Catalog) -> None:
    ask = node(blocks, "ask", "AITextGenerator", prompt="Say {{ n }}", model="demo")
    code = node(blocks, "code", "ExecuteCode", code="6 * 7")
    out = node(blocks, "o", "AgentOutput", name="o")
    busy = Policy(retry=Retry(max=2, backoff=timedelta(seconds=0.05)))
    async with provider() as there:
        there.statuses = [503, 503]
        cassette = await recorded(
            up,
            graph(
                [asker("a", f"{there.url}/x", policy=busy), code, ask, out],
                "a.out_#_count -> ask.prompt_values_#_n",
                "ask.response -> o.value",
                "code.response -> o.value",
            ),
        )

    _, problems = await prove(cassette, blocks)

    kinds = sorted(one["kind"] for one in cassette.exchanges)
    assert problems == []
    assert kinds == ["code", "http", "http", "http", "model"]
    assert sorted(cassette.outputs["o"]) == ["42", "Demo answer to: Say 3"]


async def test_what_models_hear_judge_draw_and_embed_is_kept(up: Platform, blocks: Catalog) -> None:
    sound = node(blocks, "hear", "TranscribeAudio", audio=_SOUND, model="demo-transcript")
    judge = node(blocks, "judge", "ModerateText", model="demo-moderation")
    draw = node(blocks, "draw", "GenerateImage", model="demo-picture", size="8x8")
    embed = node(blocks, "embed", "EmbedTexts", texts=["tea"], model="demo-embedding")
    out = node(blocks, "o", "AgentOutput", name="o")
    cassette = await recorded(
        up,
        graph(
            [sound, judge, draw, embed, out],
            "hear.text -> judge.text",
            "judge.passed -> draw.prompt",
            "draw.image -> o.value",
            "embed.embeddings -> o.value",
        ),
    )

    made, problems = await prove(cassette, blocks)

    kinds = sorted(one["kind"] for one in cassette.exchanges)
    assert problems == []
    assert kinds == ["embedding", "picture", "transcript", "verdict", "written"]
    assert len(made.outputs["o"]) == 2
    other = replace(draw, constants={"prompt": "A dog", "model": "demo-picture"})
    played = await play(cassette, graph([other]), blocks)
    assert any("a picture by demo-picture" in one for one in played.problems)


class Box:
    """Takes mail, but none for nobody."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody@"):
            return "550 5.1.1 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.mails.append(envelope.content)
        return "250 OK"


@asynccontextmanager
async def mail_server(box: Box) -> AsyncIterator[int]:
    def let_in(*_: Any) -> AuthResult:
        return AuthResult(success=True)

    talking: list[SMTP] = []

    def talk() -> SMTP:
        talking.append(SMTP(box, authenticator=let_in, auth_require_tls=False))
        return talking[-1]

    server = await asyncio.get_running_loop().create_server(talk, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
    for one in talking:
        if isinstance(one.transport, asyncio.WriteTransport):
            one.transport.abort()
    await asyncio.sleep(0.01)


async def test_mail_is_played_and_not_sent_again(up: Platform, blocks: Catalog) -> None:
    kept = await up.integrations.credentials.add(
        up.owner, "smtp", "Mine", UserPasswordSecret("me@example.com", SECRET), HERE
    )
    box = Box()

    def letter(port: int, **more: Json) -> Graph:
        config = {"smtp_server": "127.0.0.1", "smtp_port": port}
        given: dict[str, Json] = {
            "to_email": "ann@example.com, Bob <bob@example.com>",
            "subject": "Tea",
            "body": "It is ready.",
            "config": config,
            "credentials": kept.as_reference(),
        }
        mail = node(blocks, "mail", "SendEmail", **{**given, **more})
        out = node(blocks, "o", "AgentOutput", name="o")
        return graph([mail, out], "mail.status -> o.value")

    async with mail_server(box) as port:
        cassette = await recorded(up, letter(port))
        refused = await recorded(up, letter(port, to_email="nobody@example.com"))

    _, problems = await prove(cassette, blocks)
    _, failed = await prove(refused, blocks)
    changed = await play(cassette, letter(port, body="It is cold."), blocks)

    (kept_mail,) = [one for one in cassette.exchanges if one["kind"] == "mail"]
    assert (problems, failed) == ([], [])
    assert len(box.mails) == 1
    assert kept_mail["people"] == ["ann@example.com", "bob@example.com"]
    assert kept_mail["text"] == "It is ready.\n"
    assert refused.errors == [{"node": "mail", "code": "mail.refused"}]
    assert any("It is cold" in one and "It is ready" in one for one in changed.problems)
    assert SECRET not in dump(cassette.as_json())


async def test_a_persons_decision_is_played(up: Platform, blocks: Catalog) -> None:
    async def decide(run_id: UUID) -> None:
        while not (found := await up.reviews.list_page(up.owner, run_id=run_id)).rows:
            await asyncio.sleep(0.02)
        await up.reviews.decide(
            up.owner, found.rows[0].id, Answer(Choice.APPROVE, {"post": "Edited"})
        )

    made = graph(
        [
            node(blocks, "ask", "HumanInTheLoop", data={"post": "Hi"}, name="Post"),
            node(blocks, "wait", "CountdownTimer", seconds=2, repeat=1),
            node(blocks, "o", "AgentOutput", name="o"),
        ],
        "ask.approved_data -> wait.input_message",
        "wait.output_message -> o.value",
    )
    cassette = await recorded(up, made, meanwhile=decide)

    begun = asyncio.get_running_loop().time()
    _, problems = await prove(cassette, blocks)

    assert problems == []
    assert cassette.outputs == {"o": [{"post": "Edited"}]}
    assert asyncio.get_running_loop().time() - begun < 2, "nothing is waited for"
    unanswered = replace(cassette, answers=())
    played = await play(unanswered, made, blocks)
    assert any("an answer to" in one for one in played.problems) or played.result.outputs == {
        "o": [{"post": "Hi"}]
    }


async def test_agents_inside_agents_are_recorded_with_it(up: Platform, blocks: Catalog) -> None:
    async with provider() as there:
        inner = agent(blocks, asker("in", f"{there.url}/inner", deed="moment"))
        inner = replace(inner, id="inner")
        outer = graph(
            [
                node(
                    blocks,
                    "a",
                    "AgentExecutor",
                    graph_id="inner",
                    graph_version=1,
                    input_schema={"type": "object", "properties": {}},
                    output_schema={"type": "object", "properties": {"o": {}}},
                ),
                node(blocks, "o", "AgentOutput", name="o"),
            ],
            "a.o -> o.value",
            id="outer",
            sub_graphs=(inner,),
        )
        cassette = await recorded(up, outer)

    _, problems = await prove(cassette, blocks)

    assert problems == []
    assert [(one["agent"], one["node"]) for one in cassette.exchanges] == [("inner", "in")]


async def test_nothing_secret_is_in_a_cassette(up: Platform, blocks: Catalog) -> None:
    kept = await up.integrations.credentials.add(
        up.owner, "anywhere", "api_key", ApiKeySecret(SECRET), HERE
    )
    async with provider() as there:
        made = agent(
            blocks,
            asker("a", f"{there.url}/x", value="v", credentials=kept.as_reference()),
        )
        cassette = await recorded(up, made)

        assert SECRET in there.asked[0][1], "the provider was told"

    made_of_it, problems = await prove(cassette, blocks)
    text = dump(made_of_it.as_json())
    assert problems == []
    assert "•••" in text
    for secret in (
        SECRET,
        "a%20key%2Fwith%20%2B%20signs",
        "a+key%2Fwith+%2B+signs",
        "hush-hush",
        "issued-here",
        "cookie-of-yours",
    ):
        assert secret not in text, text


async def test_a_run_that_was_not_recorded_makes_none(up: Platform, blocks: Catalog) -> None:
    async with provider() as there:
        saved = await up.agents.create(
            up.owner, write_agent(agent(blocks, asker("a", f"{there.url}/x")))
        )
        run_id = await up.runs.start(up.owner, saved.id, {})
        assert await up.runs.wait(up.owner, run_id, at_most=timedelta(seconds=20))

    with pytest.raises(NotRecorded, match="--record"):
        await up.cassettes.cassette(up.owner, run_id)
    kinds = {row.kind for row in await up.runs.events(up.owner, run_id)}
    assert "node.exchanged" not in kinds


def test_a_cassette_that_is_written_by_hand_reads_back() -> None:
    cassette = read_cassette(b'{"autograph_cassette": 1, "inputs": {}, "outputs": {"o": [1]}}')

    assert (cassette.status, cassette.outputs) == (RunStatus.COMPLETED, {"o": [1]})
