"""Tables, XML, samples and the fields of records: read, and nothing in them can do harm."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from autograph.blocks.builtin.developer.review_comment import GithubCreateCommentObject
from autograph.blocks.builtin.documents.keywords import KeywordSuggestionExtractor
from autograph.blocks.builtin.documents.sampling import DataSampling
from autograph.blocks.builtin.documents.spreadsheet import ReadSpreadsheet
from autograph.blocks.builtin.documents.xml import XMLParser
from autograph.blocks.sdk import BlockError
from autograph.blocks.sdk.testing import run_block


class TestXMLParser:
    @pytest.mark.parametrize(
        ("text", "parsed"),
        [
            ("<a>1</a>", {"a": "1"}),
            (" <a> 1 </a>\n", {"a": "1"}),
            ("<a><b>1</b><c><d>2</d></c></a>", {"a": {"b": "1", "c": {"d": "2"}}}),
            ("<a>1</a><b>2</b>", {"a": "1", "b": "2"}),
            ("<?xml version='1.0'?>\n<a>1</a>\n<a>2</a>", [{"a": "1"}, {"a": "2"}]),
            ("<a><b>1</b><b>2</b></a>", {"a": [{"b": "1"}, {"b": "2"}]}),
            ("<?xml version='1.0'?><a>&lt;<![CDATA[&]]><!-- c --></a>", {"a": "<&"}),
        ],
    )
    async def test_reads(self, text: str, parsed: Any) -> None:
        assert await run_block(XMLParser, {"input_xml": text}) == [("parsed_xml", parsed)]

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("", "not XML"),
            ("text", "not XML"),
            ("<a>1</b>", "not XML"),
            ("<a>1</a> and <b>2</b>", "not XML"),
            ("<a>1</a><b>2", "not XML"),
            ("<a>1</a></_><_><b>2</b>", "not XML"),
            ("<a>" * 100_000, "not XML"),
            ("<a x='1'>2</a>", "<a> has attributes"),
            ("<a/>", "<a> is empty"),
            ("<a>" * 101 + "1" + "</a>" * 101, "more than 100 deep"),
            ("<a>" + "1" * 5_000_000 + "</a>", "at most 5000000 are read"),
            ("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a>1</a>", "document type definition"),
            (
                "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>",
                "document type definition",
            ),
            (
                "<!DOCTYPE a [<!ENTITY x 'ha'><!ENTITY y '&x;&x;&x;&x;'>]><a>&y;</a>",
                "document type definition",
            ),
        ],
    )
    async def test_refuses(self, text: str, why: str) -> None:
        with pytest.raises(BlockError, match=why):
            await run_block(XMLParser, {"input_xml": text})


class TestReadSpreadsheet:
    @pytest.mark.parametrize(
        ("given", "rows"),
        [
            ({"contents": ""}, []),
            ({"contents": "a,b\n 1 ,2"}, [{"a": "1", "b": "2"}]),
            ({"contents": "a\n 1 ", "strip": False}, [{"a": " 1 "}]),
            ({"contents": "a;b\n1;2", "delimiter": ";"}, [{"a": "1", "b": "2"}]),
            ({"contents": "1,2", "has_header": False}, [{"0": "1", "1": "2"}]),
            ({"contents": "a,b\n1,2", "skip_columns": ["a"]}, [{"b": "2"}]),
            ({"contents": "a\n1\n2", "skip_rows": 1}, [{"a": "2"}]),
            ({"contents": 'a\n"x,\n""y"""'}, [{"a": 'x,\n"y"'}]),
            ({"contents": "a,b\n1"}, [{"a": "1"}]),
            ({"file_input": "data:text/csv,a%0A1"}, [{"a": "1"}]),
            (
                {
                    "file_input": "data:text/csv;base64,"
                    + base64.b64encode("\ufeffa\né".encode()).decode()
                },
                [{"a": "é"}],
            ),
        ],
    )
    async def test_reads(self, given: dict[str, Any], rows: list[dict[str, str]]) -> None:
        assert await run_block(ReadSpreadsheet, given) == [("rows", rows)]

    @pytest.mark.parametrize(
        ("given", "why"),
        [
            ({"contents": "a,b\n1,2,3"}, "3 cells and the header 2"),
            ({"contents": "a\n" + "x" * 200_000}, "cannot be read at line 2"),
            ({"contents": "a\n" * 300_000}, "more than 200000 rows"),
            ({"contents": "x" * 10_000_001}, "at most 10000000 are read"),
            ({"contents": "a", "delimiter": ""}, "delimiter"),
            ({"contents": "a", "delimiter": "ab"}, "delimiter"),
            ({"contents": "a", "skip_rows": -1}, "skip_rows"),
            ({"file_input": "table.csv"}, "names no file"),
            ({"file_input": "data:x;base64,!"}, "not Base64"),
            (
                {"file_input": "data:x;base64," + base64.b64encode(b"PK\x03\x04\xff\xfe").decode()},
                "save the table as CSV",
            ),
        ],
    )
    async def test_refuses(self, given: dict[str, Any], why: str) -> None:
        with pytest.raises(BlockError, match=why):
            await run_block(ReadSpreadsheet, given)


class TestDataSampling:
    @pytest.mark.parametrize(
        ("method", "more"),
        [
            ("random", {}),
            ("systematic", {}),
            ("top", {}),
            ("bottom", {}),
            ("stratified", {"stratify_key": "group"}),
            ("weighted", {"weight_key": "weight"}),
            ("reservoir", {}),
            ("cluster", {"cluster_key": "group"}),
        ],
    )
    async def test_chooses_rows_and_tells_their_places(
        self, method: str, more: dict[str, str]
    ) -> None:
        rows = [{"group": one % 3, "weight": one + 1, "id": one} for one in range(30)]
        given = {
            "data": rows,
            "sample_size": 6,
            "sampling_method": method,
            "random_seed": 5,
            **more,
        }

        outputs = dict(await run_block(DataSampling, given))

        indices = outputs["sample_indices"]
        assert len(set(indices)) == len(indices) == 6
        assert outputs["sampled_data"] == [rows[one] for one in indices]
        assert dict(await run_block(DataSampling, given)) == outputs

    @pytest.mark.parametrize(
        ("given", "why"),
        [
            ({"data": []}, "only 0 rows"),
            ({"data": [{"a": 1}], "sampling_method": "weighted"}, "needs weight_key"),
            (
                {"data": [{"a": 1}], "sampling_method": "cluster", "cluster_key": "b"},
                "nothing under 'b'",
            ),
            (
                {"data": [[1]], "sampling_method": "stratified", "stratify_key": "b"},
                "nothing under 'b'",
            ),
            (
                {"data": [{"w": "x"}], "sampling_method": "weighted", "weight_key": "w"},
                "is a number",
            ),
            (
                {"data": [{"w": "inf"}], "sampling_method": "weighted", "weight_key": "w"},
                "no finite",
            ),
            ({"data": [{"a": 1}], "sample_size": 0}, "sample_size"),
        ],
    )
    async def test_refuses(self, given: dict[str, Any], why: str) -> None:
        with pytest.raises(BlockError, match=why):
            await run_block(DataSampling, {"sample_size": 1, **given})

    async def test_without_a_seed_a_repeated_attempt_chooses_the_same(self) -> None:
        given = {"data": [[one] for one in range(100)], "sample_size": 3}

        assert await run_block(DataSampling, given) == await run_block(DataSampling, given)


class TestRecords:
    async def test_gives_out_the_fields_that_there_are(self) -> None:
        suggestion = {"keyword": "tea", "search_volume": 0, "cpc": 0.5, "serp_info": {"a": 1}}

        outputs = await run_block(KeywordSuggestionExtractor, {"suggestion": suggestion})

        assert dict(outputs) == suggestion

    async def test_needs_a_keyword(self) -> None:
        with pytest.raises(BlockError, match="keyword"):
            await run_block(KeywordSuggestionExtractor, {"suggestion": {"cpc": 1.0}})

    async def test_a_comment_on_several_lines_has_both_ends(self) -> None:
        given = {"path": "a.py", "body": "b", "line": 9, "start_line": 7, "start_side": "LEFT"}

        [(_, comment)] = await run_block(GithubCreateCommentObject, given)

        assert comment == {**given, "side": "RIGHT"}
