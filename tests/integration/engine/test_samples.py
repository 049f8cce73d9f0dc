"""Thirty small agents, and what comes out of each: written down by hand, not by the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from autograph.blocks.catalog import Catalog
from autograph.bootstrap import Process, platform
from autograph.graph.model import Graph, Node
from autograph.graph.portable import write_agent
from autograph.infra.settings import Settings
from tests.agents import graph, node

Steps = dict[str, tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Sample:
    """An agent: its steps by id, links between them, inputs and expected outputs.

    A link may begin at an input (`in.<name>.result`) and end at an output (`out.<name>.value`).
    """

    name: str
    steps: Steps
    links: Sequence[str]
    outputs: dict[str, list[Any]]
    inputs: dict[str, Any] = field(default_factory=dict[str, Any])


def step(block: str, **constants: Any) -> tuple[str, dict[str, Any]]:
    return block, constants


SAMPLES = [
    Sample(
        "A greeting",
        {"fill": step("FillTextTemplate", format="Good day, {{ who }}!")},
        ["in.who.result -> fill.values_#_who", "fill.output -> out.said.value"],
        {"said": ["Good day, Ada!"]},
        {"who": "Ada"},
    ),
    Sample(
        "A sum of three",
        {"ab": step("Calculator", operation="Add"), "abc": step("Calculator", operation="Add")},
        [
            "in.a.result -> ab.a",
            "in.b.result -> ab.b",
            "ab.result -> abc.a",
            "in.c.result -> abc.b",
            "abc.result -> out.sum.value",
        ],
        {"sum": [6]},
        {"a": 1, "b": 2, "c": 3},
    ),
    Sample(
        "The area of a square",
        {"times": step("Calculator", operation="Multiply")},
        [
            "in.side.result -> times.a",
            "in.side.result -> times.b",
            "times.result -> out.area.value",
        ],
        {"area": [49]},
        {"side": 7},
    ),
    Sample(
        "A number in a text is a number",
        {"less": step("Calculator", operation="Subtract", b=2)},
        ["in.text.result -> less.a", "less.result -> out.n.value"],
        {"n": [40]},
        {"text": " 42 "},
    ),
    Sample(
        "Words of a sentence",
        {"split": step("TextSplit", delimiter=","), "count": step("CountItems")},
        [
            "in.text.result -> split.text",
            "split.texts -> out.words.value",
            "split.texts -> count.collection",
            "count.count -> out.count.value",
        ],
        {"words": [["to", "be", "or"]], "count": [3]},
        {"text": "to, be, or"},
    ),
    Sample(
        "Letters and words are counted",
        {"count": step("WordCharacterCount")},
        [
            "in.text.result -> count.text",
            "count.word_count -> out.words.value",
            "count.character_count -> out.letters.value",
        ],
        {"words": [2], "letters": [7]},
        {"text": "ab cdef"},
    ),
    Sample(
        "A text is mended twice",
        {
            "one": step("TextReplace", old="a", new="b"),
            "two": step("TextReplace", old="b", new="c"),
        },
        ["in.text.result -> one.text", "one.output -> two.text", "two.output -> out.text.value"],
        {"text": ["ccc"]},
        {"text": "abc"},
    ),
    Sample(
        "Texts are joined",
        {"join": step("CombineTexts", delimiter="-")},
        ["in.texts.result -> join.input", "join.output -> out.text.value"],
        {"text": ["x-y-z"]},
        {"texts": ["x", "y", "z"]},
    ),
    Sample(
        "A year is found",
        {"find": step("ExtractTextInformation", pattern=r"\b(\d{4})\b", group=1)},
        [
            "in.text.result -> find.text",
            "find.positive -> out.year.value",
            "find.negative -> out.nothing.value",
        ],
        {"year": ["1843"]},
        {"text": "Ada wrote it in 1843."},
    ),
    Sample(
        "No year is found",
        {"find": step("ExtractTextInformation", pattern=r"\b(\d{4})\b", group=1)},
        [
            "in.text.result -> find.text",
            "find.positive -> out.year.value",
            "find.negative -> out.nothing.value",
        ],
        {"nothing": ["Ada wrote it."]},
        {"text": "Ada wrote it."},
    ),
    Sample(
        "A code is undone",
        {"undo": step("TextDecoder")},
        ["in.text.result -> undo.text", "undo.decoded_text -> out.text.value"],
        {"text": ["two\nlines"]},
        {"text": r"two\nlines"},
    ),
    Sample(
        "Every item is doubled",
        {"items": step("StepThroughItems"), "twice": step("Calculator", operation="Multiply", b=2)},
        ["in.list.result -> items.items", "items.item -> twice.a", "twice.result -> out.n.value"],
        {"n": [2, 4, 6]},
        {"list": [1, 2, 3]},
    ),
    Sample(
        "Items are filtered",
        {"items": step("StepThroughItems"), "if": step("Condition", operator=">", value2=2)},
        [
            "in.list.result -> items.items",
            "items.item -> if.value1",
            "items.item -> if.yes_value",
            "if.yes_output -> out.large.value",
        ],
        {"large": [3, 4]},
        {"list": [1, 3, 2, 4]},
    ),
    Sample(
        "A list goes backwards",
        {"back": step("ReverseListOrder")},
        ["in.list.result -> back.input_list", "back.reversed_list -> out.list.value"],
        {"list": [[3, 2, 1]]},
        {"list": [1, 2, 3]},
    ),
    Sample(
        "An item is added in front",
        {"add": step("AddToList", position=0)},
        [
            "in.list.result -> add.list",
            "in.item.result -> add.entry",
            "add.updated_list -> out.list.value",
        ],
        {"list": [["first", "second"]]},
        {"list": ["second"], "item": "first"},
    ),
    Sample(
        "The last item is taken",
        {"last": step("GetListItem", index=-1)},
        ["in.list.result -> last.list", "last.item -> out.item.value"],
        {"item": ["c"]},
        {"list": ["a", "b", "c"]},
    ),
    Sample(
        "A place that is not there goes by the error pin",
        {
            "ninth": step("GetListItem", index=9),
            "tell": step("FillTextTemplate", format="It failed."),
        },
        [
            "in.list.result -> ninth.list",
            "ninth.item -> out.item.value",
            "ninth.error -> tell.values_#_why",
            "tell.output -> out.problem.value",
        ],
        {"problem": ["It failed."]},
        {"list": ["a"]},
    ),
    Sample(
        "Lists are put together without doubles",
        {"join": step("ConcatenateLists", deduplicate=True)},
        ["in.lists.result -> join.lists", "join.concatenated_list -> out.list.value"],
        {"list": [[1, 2, 3]]},
        {"lists": [[1, 2], [2, 3]]},
    ),
    Sample(
        "What two lists share",
        {"both": step("ListIntersection")},
        [
            "in.a.result -> both.list_a",
            "in.b.result -> both.list_b",
            "both.intersection -> out.list.value",
            "both.length -> out.count.value",
        ],
        {"list": [[2, 3]], "count": [2]},
        {"a": [1, 2, 3], "b": [2, 3, 4]},
    ),
    Sample(
        "What one list has alone",
        {"less": step("ListDifference", symmetric=False)},
        [
            "in.a.result -> less.list_a",
            "in.b.result -> less.list_b",
            "less.difference -> out.list.value",
        ],
        {"list": [[1]]},
        {"a": [1, 2], "b": [2, 3]},
    ),
    Sample(
        "A list in a list is flat",
        {"flat": step("FlattenList")},
        ["in.list.result -> flat.nested_list", "flat.flattened_list -> out.list.value"],
        {"list": [[1, 2, 3, 4]]},
        {"list": [1, [2, [3, [4]]]]},
    ),
    Sample(
        "Lists side by side",
        {"zip": step("ZipLists")},
        ["in.lists.result -> zip.lists", "zip.zipped_list -> out.pairs.value"],
        {"pairs": [[["a", 1], ["b", 2]]]},
        {"lists": [["a", "b"], [1, 2]]},
    ),
    Sample(
        "A value of a dictionary",
        {"find": step("FindInDictionary")},
        [
            "in.of.result -> find.input",
            "in.key.result -> find.key",
            "find.output -> out.value.value",
        ],
        {"value": [36]},
        {"of": {"name": "Ada", "age": 36}, "key": "age"},
    ),
    Sample(
        "A key is added and another taken away",
        {
            "add": step("AddToDictionary", key="b", value=2),
            "less": step("RemoveFromDictionary", key="a"),
        },
        [
            "in.of.result -> add.dictionary",
            "add.updated_dictionary -> less.dictionary",
            "less.updated_dictionary -> out.rest.value",
        ],
        {"rest": [{"b": 2}]},
        {"of": {"a": 1}},
    ),
    Sample(
        "A dictionary is made of two values",
        {"make": step("CreateDictionary", values={})},
        [
            "in.name.result -> make.values_#_name",
            "in.age.result -> make.values_#_age",
            "make.dictionary -> out.person.value",
        ],
        {"person": [{"name": "Ada", "age": 36}]},
        {"name": "Ada", "age": 36},
    ),
    Sample(
        "A part of what comes out goes on",
        {"make": step("CreateDictionary", values={"list": [{"n": 5}]}), "keep": step("StoreValue")},
        ["make.dictionary_#_list -> keep.input", "keep.output -> out.list.value"],
        {"list": [[{"n": 5}]]},
    ),
    Sample(
        "A list of constants",
        {"list": step("CreateList", values=["a", "b"]), "empty": step("ListIsEmpty")},
        ["list.list -> empty.list", "empty.is_empty -> out.is_empty.value"],
        {"is_empty": [False]},
    ),
    Sample(
        "A text is read as a table",
        {"read": step("ReadSpreadsheet", produce_singular_result=False)},
        ["in.text.result -> read.contents", "read.rows -> out.rows.value"],
        {"rows": [[{"name": "Ada", "age": "36"}]]},
        {"text": "name,age\nAda,36\n"},
    ),
    Sample(
        "A number becomes a text",
        {"text": step("UniversalTypeConverter", type="string")},
        ["in.n.result -> text.value", "text.value -> out.text.value"],
        {"text": ["7"]},
        {"n": 7},
    ),
    Sample(
        "XML becomes an object",
        {"read": step("XMLParser")},
        ["in.xml.result -> read.input_xml", "read.parsed_xml -> out.tree.value"],
        {"tree": [{"a": {"b": "1"}}]},
        {"xml": "<a><b>1</b></a>"},
    ),
    Sample(
        "It counts to five",
        {
            "begin": step("StoreValue", input=0),
            "more": step("Calculator", operation="Add", b=1),
            "is_enough": step("Condition", operator=">=", value2=5),
        },
        [
            "begin.output -> more.a",
            "more.result -> is_enough.value1",
            "more.result -> is_enough.no_value",
            "is_enough.no_output -> more.a",
            "is_enough.yes_output -> out.n.value",
        ],
        {"n": [5]},
    ),
]


def made(sample: Sample, catalog: Catalog) -> Graph:
    """The sample as a graph: its steps, and a node for each input and output that a link names."""
    nodes: dict[str, Node] = {
        name: node(catalog, name, block, **constants)
        for name, (block, constants) in sample.steps.items()
    }
    texts: list[str] = []
    for link in sample.links:
        ends = link.split(" -> ")
        for place, end in enumerate(ends):
            kind, _, rest = end.partition(".")
            if kind in {"in", "out"} and "." in rest:
                name, pin = rest.split(".")
                block = "AgentInput" if kind == "in" else "AgentOutput"
                nodes[f"{kind}-{name}"] = node(catalog, f"{kind}-{name}", block, name=name)
                ends[place] = f"{kind}-{name}.{pin}"
        texts.append(" -> ".join(ends))
    return graph(nodes.values(), *texts, name=sample.name)


@pytest.mark.seed("D5-S17")
@pytest.mark.timeout(180)
async def test_every_sample_gives_out_what_is_written_down(
    database_url: str, tmp_path: Path, catalog: Catalog
) -> None:
    assert len({one.name for one in SAMPLES}) >= 30
    settings = Settings(database_url=database_url, data_dir=tmp_path)
    found: dict[str, Any] = {}
    async with platform(settings, process=Process.UP) as up:
        for one in SAMPLES:
            saved = await up.agents.create(up.owner, write_agent(made(one, catalog)))
            run_id = await up.runs.start(up.owner, saved.id, one.inputs)
            assert await up.runs.wait(up.owner, run_id, at_most=timedelta(seconds=30)), one.name
            run = await up.runs.get(up.owner, run_id)
            found[one.name] = run.result.outputs if run.row.status == "completed" else run.result

    assert found == {one.name: one.outputs for one in SAMPLES}
