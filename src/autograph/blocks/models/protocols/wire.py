"""What every wire protocol offers: it writes a request, reads an answer as it streams in, and reads refusals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any, Final, Generic, Protocol, TypeVar, cast

from autograph.blocks.models.catalogue import Model
from autograph.blocks.sdk.fields import Json
from autograph.blocks.sdk.modalities import Drawing, Picture, Speech, Transcript, Verdict
from autograph.blocks.sdk.models import ModelAnswer, ModelRequest, ToolCall, Usage, read_arguments
from autograph.graph.model import is_object
from autograph.infra.errors import Invalid
from autograph.infra.json import decode

_MAX_MESSAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it goes out.

    Attributes:
        path: Below the provider's address.
        body: JSON, or a body as it is, whose type is among the headers.
    """

    path: str
    body: Mapping[str, Json] | bytes
    headers: Mapping[str, str]


class BrokenAnswer(Exception):
    """What came is no answer of this protocol; the message says how."""


class Refused(Exception):
    """The provider says in the middle of an answer that there is none; the message is its own."""

    def __init__(self, message: str, *, is_passing: bool) -> None:
        super().__init__(message)
        self.is_passing = is_passing


class Reader(Protocol):
    """Reads one answer, event by event."""

    def take(self, event: Mapping[str, Any]) -> str:
        """Take in the next event; return the text it adds.

        Raises:
            Refused: The provider gives up.
        """
        ...

    @property
    def is_done(self) -> bool:
        """Whether the answer has come to its end."""
        ...

    def answer(self) -> ModelAnswer:
        """Return what has come."""
        ...


class Wire(Protocol):
    """One wire protocol."""

    def call(self, request: ModelRequest, model: Model) -> Call:
        """Return how a request is written."""
        ...

    def proof(self, key: str) -> Mapping[str, str]:
        """Return the headers that prove who asks."""
        ...

    def reader(self) -> Reader:
        """Return what reads the answer."""
        ...

    def whole(self, body: Mapping[str, Any]) -> ModelAnswer:
        """Read an answer that came in one piece, although a stream was asked for.

        Raises:
            BrokenAnswer: It is none.
        """
        ...


T = TypeVar("T")
Vectors = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Asked(Generic[T]):
    """A question whose answer comes in one piece.

    Attributes:
        read: Takes the answer apart; raises `BrokenAnswer` where it is none.
        times: How often it is asked, where each answer holds one thing.
    """

    call: Call
    read: Callable[[Mapping[str, Any]], tuple[T, Usage]]
    times: int = 1


class NotOffered(Exception):
    """A provider does not do this; the message says what, after its name."""


class SenseWire(Protocol):
    """One wire protocol of models that do something else than write.

    Attributes:
        most_texts: That go into one question.
    """

    most_texts: int

    def embedding(self, texts: Sequence[str], model: Model) -> Asked[Vectors]:
        """Return how one asks where texts lie."""
        ...

    def transcript(self, speech: Speech, model: Model) -> Asked[Transcript]:
        """Return how one asks what is said; raises `NotOffered`."""
        ...

    def verdicts(self, texts: Sequence[str], model: Model) -> Asked[Sequence[Verdict]]:
        """Return how one asks what is wrong with texts; raises `NotOffered`."""
        ...

    def pictures(self, drawing: Drawing, model: Model) -> Asked[Sequence[Picture]]:
        """Return how one asks for pictures; raises `NotOffered`."""
        ...


def ratio(size: str) -> str:
    """Return the shape of a size: `16:9` for `1920x1080`; empty for what is none."""
    width, _, height = size.partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        return ""
    shared = gcd(int(width), int(height))
    return f"{int(width) // shared}:{int(height) // shared}"


def seconds(value: Any) -> float:
    """Return a value that should be a length of time as one; some providers write it as a text."""
    try:
        found = float(value) if isinstance(value, (int, float, str)) else 0.0
    except ValueError:
        return 0.0
    return found if 0 <= found < float("inf") else 0.0


def parsed_call(call_id: str, name: str, arguments: str) -> ToolCall:
    """Return a tool call whose arguments came as text."""
    return ToolCall(call_id, name, read_arguments(arguments))


def said_by(body: bytes) -> str:
    """Return a provider's own message of a refusal, shortened."""
    text = body.decode("utf-8", "replace").strip()
    try:
        found: Json = decode(text)
    except Invalid:
        return _short("" if text.startswith("<") else text)
    if isinstance(found, list) and found:
        found = cast("list[Any]", found)[0]
    if not is_object(found):
        return _short(text)
    error = found.get("error", found)
    if is_object(error):
        error = error.get("message") or error.get("detail") or error.get("code")
    return _short(str(error)) if error else _short(text)


def texts(value: Any) -> str:
    """Return a value that should be text as text."""
    return value if isinstance(value, str) else ""


def number(value: Any) -> int:
    """Return a value that should be a count as a count."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects in a value that should be a list of them."""
    found = cast("list[Any]", value) if isinstance(value, list) else []
    return [one for one in found if is_object(one)]


def entries(value: Any) -> dict[str, Any]:
    """Return a value that should be an object as one."""
    return value if is_object(value) else {}


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MAX_MESSAGE else f"{text[:_MAX_MESSAGE]}…"
