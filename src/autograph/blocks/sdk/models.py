"""Models, as blocks see them: what is asked, what comes back, what it took.

    answer = await ctx.models.ask(
        ModelRequest("gpt-4o", [Message.user("Say hi.")]), input.credentials, on_text=ctx.streamer("response")
    )
    yield "response", answer.text

A model is named as its maker names it (`gpt-4o`), with its provider where the name alone says too little
(`openrouter:some/model`), or with the address of a server that speaks OpenAI's protocol (`mine@https://host/v1`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from autograph.blocks.sdk.cost import CostKind
from autograph.blocks.sdk.credentials import CredentialRef, Secret
from autograph.blocks.sdk.errors import BlockError
from autograph.blocks.sdk.fields import Json
from autograph.blocks.sdk.modalities import Drawing, Picture, Speech, Transcript, Verdict
from autograph.graph.model import is_list, is_object
from autograph.infra.egress.ports import Http
from autograph.infra.errors import Invalid
from autograph.infra.json import decode, encode


class Role(StrEnum):
    """Who says something."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's wish to have a tool run.

    Attributes:
        id: Names it in the answer.
        arguments: By parameter. What is no JSON object comes as `{"": text}`.
    """

    id: str
    name: str
    arguments: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation.

    Attributes:
        tool_calls: What an assistant wants to have run.
        tool_call_id: Which call a tool's message answers.
    """

    role: Role
    text: str
    tool_calls: Sequence[ToolCall] = ()
    tool_call_id: str | None = None

    def as_json(self) -> dict[str, Json]:
        """Return it as OpenAI's protocol writes it, and as `conversations` between nodes have it."""
        written: dict[str, Json] = {"role": self.role.value, "content": self.text}
        if self.tool_calls:
            written["content"] = self.text or None
            written["tool_calls"] = [
                {
                    "id": one.id,
                    "type": "function",
                    "function": {
                        "name": one.name,
                        "arguments": encode(dict(one.arguments)).decode(),
                    },
                }
                for one in self.tool_calls
            ]
        if self.tool_call_id is not None:
            written["tool_call_id"] = self.tool_call_id
        return written

    @classmethod
    def from_json(cls, found: Json) -> Message:
        """Return what `as_json` wrote, or something like it that came from elsewhere."""
        if not is_object(found):
            return cls.user(found if isinstance(found, str) else encode(found).decode())
        role = _ROLES.get(str(found.get("role")), Role.USER)
        calls = found.get("tool_calls")
        answers = found.get("tool_call_id")
        return cls(
            role,
            _text_of(found.get("content")),
            [_call(one) for one in calls if is_object(one)] if is_list(calls) else (),
            answers if isinstance(answers, str) else None,
        )

    @classmethod
    def system(cls, text: str) -> Message:
        """Return what a model is told about how to answer."""
        return cls(Role.SYSTEM, text)

    @classmethod
    def user(cls, text: str) -> Message:
        """Return what a person says."""
        return cls(Role.USER, text)

    @classmethod
    def assistant(cls, text: str, tool_calls: Sequence[ToolCall] = ()) -> Message:
        """Return what a model said."""
        return cls(Role.ASSISTANT, text, tool_calls)

    @classmethod
    def tool(cls, call_id: str, text: str) -> Message:
        """Return what came of a tool."""
        return cls(Role.TOOL, text, tool_call_id=call_id)


_ROLES: Final = {**{one.value: one for one in Role}, "developer": Role.SYSTEM}


def _text_of(content: Json) -> str:
    """Return the text of a message's content: a text, or a list of parts."""
    if content is None or isinstance(content, str):
        return content or ""
    if is_list(content):
        parts = [one.get("text") if is_object(one) else one for one in content]
        return "\n".join(one for one in parts if isinstance(one, str))
    return encode(content).decode()


def read_arguments(text: str) -> Mapping[str, Json]:
    """Return the arguments of a tool call that came as text; what is no JSON object comes as `{"": text}`."""
    try:
        found: Json = decode(text or "{}")
    except Invalid:
        found = None
    return found if is_object(found) else {"": text}


def _call(found: Mapping[str, Json]) -> ToolCall:
    function = found.get("function")
    said = function if is_object(function) else {}
    arguments = said.get("arguments", "{}")
    return ToolCall(
        str(found.get("id", "")),
        str(said.get("name", "")),
        arguments if is_object(arguments) else read_arguments(str(arguments)),
    )


@dataclass(frozen=True, slots=True)
class Tool:
    """What a model may ask to have run.

    Attributes:
        name: Letters, digits, `_` and `-`; at most 64.
        parameters: JSON Schema of an object.
    """

    name: str
    description: str
    parameters: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """What is asked of a model.

    Attributes:
        schema: The answer is to be JSON of this schema (of an object); None for text.
        max_tokens: Of the answer; None for what the model's maker has decided.
        calls_several: It may ask for several tools at once.
        may_call: It may ask for tools at all; where not, they are named only because earlier turns used them.
        effort: How long it may think, where it can: `low`, `medium`, `high`; None says nothing.
        address: Where a model of one's own is: host and port; for Ollama only.
    """

    model: str
    messages: Sequence[Message]
    tools: Sequence[Tool] = ()
    schema: Mapping[str, Json] | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    calls_several: bool = True
    may_call: bool = True
    effort: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer took.

    Attributes:
        input_tokens: All that was read, cached or not.
        cached_tokens: Those of them that the provider had read before.
        cache_write_tokens: Those of them that it keeps for next time.
        seconds: Of sound that was heard.
        pictures: That were drawn, and those that they were made of.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    seconds: float = 0.0
    pictures: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached_tokens + other.cached_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
            self.seconds + other.seconds,
            self.pictures + other.pictures,
        )


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """What a model said.

    Attributes:
        reasoning: What it let be seen of its thinking.
        is_cut_off: It wanted to say more than it may.
        answer_id: The provider's name of this answer.
        sources: Web pages it rests on: `{url, title, content}`.
    """

    text: str
    tool_calls: Sequence[ToolCall] = ()
    usage: Usage = Usage()
    reasoning: str = ""
    is_cut_off: bool = False
    answer_id: str = ""
    sources: Sequence[Mapping[str, Json]] = field(default_factory=list[Mapping[str, Json]])


class ModelError(BlockError):
    """A model did not answer as it should.

    Codes: `model.unknown`, `model.unauthorized`, `model.rejected`, `model.rate_limited`, `model.unavailable`,
    `model.bad_answer`.
    """

    def __init__(
        self, message: str, *, code: str = "model.rejected", retry_after: timedelta | None = None
    ) -> None:
        super().__init__(message, code=code, retry_after=retry_after)


OnText = Callable[[str], None]
"""Takes the next piece of a text while it is being made."""


class World(Protocol):
    """What asking needs of an attempt's `Context`."""

    @property
    def http(self) -> Http:
        """The way out."""
        ...

    async def credential(self, reference: CredentialRef) -> Secret:
        """Open a credential."""
        ...

    def now(self) -> datetime:
        """Return the current moment."""
        ...

    def used(self, kind: CostKind, units: float) -> None:
        """Note what was consumed."""
        ...

    def log(self, message: str, **facts: Json) -> None:
        """Add a line to the log."""
        ...


class Models(Protocol):
    """Asks models. What it takes is noted with `Context.used`; what fails for a moment is tried again."""

    async def ask(
        self,
        request: ModelRequest,
        credential: CredentialRef | None,
        *,
        on_text: OnText | None = None,
    ) -> ModelAnswer:
        """Ask a model and return its whole answer.

        Args:
            request: What is asked.
            credential: Whose account pays; None for the installation's own, or for models that need none.
            on_text: Is given the answer's text piece by piece. A try that failed half-way begins anew with "".

        Raises:
            ModelError: There is no such model, or it does not answer as it should.
            BlockError: The credential cannot be opened.
        """
        ...

    async def embed(
        self, model: str, texts: Sequence[str], credential: CredentialRef | None
    ) -> Sequence[Sequence[float]]:
        """Return where each text lies in a model's space of meanings.

        Raises:
            ModelError: There is no such model, or it does not answer as it should.
            BlockError: The credential cannot be opened.
        """
        ...

    async def transcribe(self, speech: Speech, credential: CredentialRef | None) -> Transcript:
        """Return what is said in a recording.

        Raises:
            ModelError: There is no such model, or it does not answer as it should.
            BlockError: The credential cannot be opened.
        """
        ...

    async def moderate(
        self, model: str, texts: Sequence[str], credential: CredentialRef | None
    ) -> Sequence[Verdict]:
        """Return what a model thinks of each text.

        Raises:
            ModelError: There is no such model, or it does not answer as it should.
            BlockError: The credential cannot be opened.
        """
        ...

    async def draw(self, drawing: Drawing, credential: CredentialRef | None) -> Sequence[Picture]:
        """Return pictures, made of words or of other pictures.

        Raises:
            ModelError: There is no such model, or it does not answer as it should.
            BlockError: The credential cannot be opened.
        """
        ...

    def window(self, model: str) -> int:
        """Return how many tokens a model can take in at once; a careful guess where nobody has said."""
        ...


def count_tokens(text: str) -> int:
    """Return about how many tokens a text is, rather too many than too few, without any model's vocabulary.

    Latin text has about four letters a token, other scripts about one.
    """
    plain = sum(1 for letter in text if letter.isascii())
    return (plain + 3) // 4 + (len(text) - plain)
