"""What packs can say, shown by a pack of our own on a real server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from autograph.blocks.packs.action import ActionBlock, block_of
from autograph.blocks.packs.format import read
from autograph.blocks.packs.lint import lint
from autograph.blocks.sdk import BlockError
from autograph.blocks.sdk.examples import Exchanged
from autograph.blocks.sdk.recorded import recorded
from autograph.blocks.sdk.testing import FakeContext, check_block, run_block

HEADER: Final = """
id = "made"
name = "Made"
documentation = "https://made.example/docs"
base_url = "https://made.example"

[auth.api_key]
place = "path"
format = "bot{key}"

[shared]
categories = ["DATA"]

[[actions]]
id = "6f2b6d0e-6a55-4a0e-8f5e-6c0f4d1b9a10"
name = "MadeBlock"
description = "Does it."
documentation = "https://made.example/docs#it"
effect = "effect"
"""


def made(folder: Path, action: str, *examples: dict[str, Any]) -> type[ActionBlock]:
    path = folder / "made.toml"
    path.write_text(HEADER + action, "utf-8")
    (folder / "recordings").mkdir()
    said = {"auth": {"prefix": "/bottest-secret"}, "MadeBlock": examples}
    (folder / "recordings" / "made.json").write_text(json.dumps(said), "utf-8")
    assert lint(path) == []
    pack = read(path)
    return block_of(pack, next(iter(pack.actions.values())))


class TestTemplates:
    ACTION: Final = """
request = "GET /people/{name||number}"

[actions.input]
name = 'string = "": A name.'
number = "integer: A number."

[actions.output]
id = "string: The id."
"""

    @pytest.mark.parametrize(
        ("given", "path"), [({"name": "a", "number": 7}, "a"), ({"number": 7}, "7")]
    )
    async def test_the_first_alternative_that_has_a_value_counts(
        self, tmp_path: Path, given: dict[str, Any], path: str
    ) -> None:
        exchange = {"request": f"GET /people/{path}", "response": {"id": "1"}}
        example = {"input": given, "exchanges": [exchange], "outputs": [["id", "1"]]}

        await check_block(made(tmp_path, self.ACTION, example))

    async def test_none_that_has_one_is_an_error_that_names_the_first(self, tmp_path: Path) -> None:
        exchange = {"request": "GET /people/7", "response": {"id": "1"}}
        example = {"input": {"number": 7}, "exchanges": [exchange], "outputs": [["id", "1"]]}
        block = made(tmp_path, self.ACTION, example)
        ctx = FakeContext(secrets=dict(block.examples[0].secrets))

        with pytest.raises(BlockError, match="name: this input needs a value"):
            await run_block(block, {"credentials": block.examples[0].input["credentials"]}, ctx)


FILES: Final = """
request = "POST /files"

[actions.multipart]
about = { json = { title = "{title}" } }
photo = { file = "{photo}", filename = "{filename}" }

[actions.input]
title = "string: A title."
photo = "string*: A file."
filename = "string: Its name there."

[actions.output]
id = "string: The id."
"""


async def test_a_file_is_sent_as_it_is(tmp_path: Path) -> None:
    photo = bytes([0x89, *b"PNG\r\n\x1a\n", 0xFF, 0, 13, 10])
    exchange = {
        "request": "POST /files",
        "multipart": {"about": '{"title":"A"}', "photo": photo.decode("utf-8", "replace")},
        "response": {"id": "1"},
    }
    ctx_free = {"title": "A", "photo": "data:image/png;base64,iVBORw0KGgr/AA0K"}
    block = made(
        tmp_path, FILES, {"input": ctx_free, "exchanges": [exchange], "outputs": [["id", "1"]]}
    )

    await check_block(block)


async def test_a_file_that_is_not_there_is_not_sent(tmp_path: Path) -> None:
    given = {"photo": "file://00000000-0000-0000-0000-000000000009"}
    example = {"input": given, "exchanges": [], "outputs": [], "error": "There is no file"}
    shown = {
        "input": {"photo": "data:,a"},
        "exchanges": [
            {"request": "POST /files", "multipart": {"photo": "a"}, "response": {"id": "1"}}
        ],
        "outputs": [["id", "1"]],
    }

    await check_block(made(tmp_path, FILES, shown, example))


async def test_no_file_is_no_part_whatever_it_would_be_called(tmp_path: Path) -> None:
    exchange = {
        "request": "POST /files",
        "multipart": {"about": '{"title":"A"}'},
        "response": {"id": "1"},
    }
    given = {"title": "A", "filename": "a.txt"}
    example = {"input": given, "exchanges": [exchange], "outputs": [["id", "1"]]}

    await check_block(made(tmp_path, FILES.replace("string*: A file", "string: A file"), example))


KEPT: Final = """
request = "GET /file/{{key}}/{path|path}"

[actions.input]
path = "string*: Where it is."

[actions.output]
file = "string <- $file: The file."
"""


async def test_a_body_is_kept_as_a_file_and_the_key_stands_where_the_path_says(
    tmp_path: Path,
) -> None:
    exchange = {
        "request": "GET /file/bottest-secret/photos/a%20b.png",
        "prefix": "",
        "base64": "iVBORw0KGgo=",
        "response_headers": {"Content-Type": "image/png"},
    }
    kept = "file://00000000-0000-0000-0000-000000000001"
    block = made(
        tmp_path,
        KEPT,
        {"input": {"path": "photos/a b.png"}, "exchanges": [exchange], "outputs": [["file", kept]]},
    )
    await check_block(block)
    example = block.examples[0]
    ctx = FakeContext(secrets=dict(example.secrets))
    async with recorded(example.exchanges) as ctx.http:
        await run_block(block, example.input, ctx)

    info = await ctx.files.info(kept)

    assert (info.name, info.media_type) == ("a b.png", "image/png")
    assert await ctx.files.read(kept) == b"\x89PNG\r\n\x1a\n"


async def test_a_value_cannot_call_for_the_key(tmp_path: Path) -> None:
    exchange: dict[str, Any] = {
        "request": "GET /file/bottest-secret/%7Bkey%7D",
        "prefix": "",
        "text": "a",
    }
    kept = "file://00000000-0000-0000-0000-000000000001"
    example = {"input": {"path": "{key}"}, "exchanges": [exchange], "outputs": [["file", kept]]}

    await check_block(made(tmp_path, KEPT, example))


class TestFormerPins:
    ACTION: Final = """
request = "GET /people/{name}"
former_pins = { name = ["nick"] }

[actions.input]
name = "string*: A name."

[actions.output]
id = "string: The id."
"""

    def test_values_for_them_go_where_they_are_now(self, tmp_path: Path) -> None:
        exchange = Exchanged(method="GET", url="https://made.example/bottest-secret/people/a")
        said = {"request": "GET /people/a", "response": {"id": "1"}}
        block = made(
            tmp_path,
            self.ACTION,
            {"input": {"name": "a"}, "exchanges": [said], "outputs": [["id", "1"]]},
        )

        given = block.prepare({"nick": "a", "credentials": block.examples[0].input["credentials"]})

        assert given.values["name"] == "a"
        assert block.spec().input_pins["name"]["x-aliases"] == ["nick"]
        assert block.examples[0].exchanges[0].url == exchange.url

    def test_one_of_no_pin_is_found(self, tmp_path: Path) -> None:
        path = tmp_path / "made.toml"
        path.write_text(HEADER + self.ACTION.replace("{ name =", "{ nobody ="), "utf-8")

        assert any("there is no input pin nobody" in one for one in lint(path))
