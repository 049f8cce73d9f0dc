"""Reading XML."""

from __future__ import annotations

import re
from typing import Final
from xml.etree.ElementTree import Element, ParseError
from xml.parsers.expat import errors

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from autograph.blocks.sdk import (
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    Effect,
    Example,
    Format,
    Json,
    Outputs,
    pin,
)

Entries = dict[str, Json]
_MAX_TEXT: Final = 5_000_000
_MAX_DEPTH: Final = 100
_SEVERAL: Final = errors.codes[errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]
_DECLARATION: Final = re.compile(r"^<\?xml[^>]*\?>")


class XMLParserInput(BlockInput):
    """A text in XML."""

    input_xml: str = pin(
        description="A text in XML, with one outermost element or several.",
        format=Format.LONG_TEXT,
    )


class XMLParserOutput(BlockOutput):
    """What it says."""

    parsed_xml: Entries = pin(
        description="The elements by name; elements of one name become a list."
    )


class XMLParser(Block[XMLParserInput]):
    """XML into a dictionary."""

    id = "286380af-9529-4b55-8be0-1d7c854abdb5"
    name = "XMLParser"
    description = "Reads simple XML, such as models write, into a dictionary: elements with text or elements in them."
    categories = (Category.TEXT,)
    effect = Effect.PURE
    is_blocking = True
    Input = XMLParserInput
    Output = XMLParserOutput
    examples = (
        Example(
            {"input_xml": "<a><b>1</b><c>2</c></a>"}, [("parsed_xml", {"a": {"b": "1", "c": "2"}})]
        ),
        Example(
            {"input_xml": "<title>Tea</title>\n<text>Hot.</text>"},
            [("parsed_xml", {"title": "Tea", "text": "Hot."})],
        ),
        Example({"input_xml": "<a>"}, error="not XML"),
    )

    async def run(self, input: XMLParserInput, ctx: Context) -> Outputs:
        """Yield the dictionary.

        Raises:
            BlockError: It is not XML, or not of the simple kind.
        """
        if len(input.input_xml) > _MAX_TEXT:
            raise BlockError(
                f"The text has {len(input.input_xml)} characters; at most {_MAX_TEXT} are read."
            )
        try:
            parsed = _parsed(input.input_xml.strip())
        except DefusedXmlException as error:
            raise BlockError(
                "The text has a document type definition, which is refused."
            ) from error
        except (ParseError, ValueError) as error:
            raise BlockError(f"The text is not XML that can be read: {error!s}.") from error
        yield "parsed_xml", parsed


def _parsed(text: str) -> Json:
    try:
        root = fromstring(text, forbid_dtd=True)
    except ParseError as error:
        if error.code != _SEVERAL:
            raise
        # Models write one element after the other, without one around them.
        bare = _DECLARATION.sub("", text)
        around = fromstring(f"<_>{bare}</_>", forbid_dtd=True)
        if any((one.tail or "").strip() for one in around):
            raise
        return _value(around, 0)
    return {root.tag: _value(root, 1)}


def _value(element: Element, depth: int) -> Json:
    if depth > _MAX_DEPTH:
        raise BlockError(f"The elements are nested more than {_MAX_DEPTH} deep.")
    if element.attrib:
        raise BlockError(f"<{element.tag}> has attributes, which this block does not read.")
    children = list(element)
    if not children:
        if element.text is None:
            raise BlockError(f"<{element.tag}> is empty; an element needs text or elements in it.")
        return element.text.strip()
    values = [{child.tag: _value(child, depth + 1)} for child in children]
    names = [child.tag for child in children]
    if len(set(names)) < len(names):
        # One name twice: a dictionary would keep only one of them.
        return values
    return {name: one[name] for name, one in zip(names, values, strict=True)}
