"""What blocks ask of a recording that is neither the network nor a file: models, code, databases, what is kept."""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from email.message import EmailMessage
from typing import TYPE_CHECKING

from autograph.blocks.models import demo, demo_senses
from autograph.blocks.models.catalogue import load
from autograph.blocks.sdk import (
    AgentList,
    BlockError,
    CodeLanguage,
    Collection,
    CredentialRef,
    Drawing,
    Json,
    MailServer,
    Memo,
    ModelAnswer,
    ModelRequest,
    OnText,
    OwnAgent,
    Picture,
    Program,
    Question,
    Recalled,
    Scope,
    Speech,
    Transcript,
    Verdict,
)
from autograph.blocks.sdk.memory import checked, memory_id
from autograph.blocks.tape.exchange import (
    ASKED_OF_MODELS,
    Exchange,
    code_json,
    drawing_json,
    mail_json,
    picture_from,
    question_json,
    ran_from,
    recalled_from,
    scrubbed,
    speech_json,
    sql_from,
    sql_json,
    told,
    transcript_from,
    verdict_from,
)
from autograph.blocks.tape.matching import (
    PLACEHOLDER,
    Who,
    fail_as,
    place,
    unlike,
)
from autograph.infra.sandbox.late import LateSandbox
from autograph.infra.sandbox.ports import Bench, Ran, SandboxLimits
from autograph.infra.sql.ports import SqlAnswer, SqlQuery, SqlServer

if TYPE_CHECKING:
    from autograph.blocks.tape.player import Player


class PlayedModels:
    """Implements `Models`."""

    def __init__(self, player: Player, who: Who) -> None:
        self._player = player
        self._who = who

    async def ask(
        self,
        request: ModelRequest,
        credential: CredentialRef | None,
        *,
        on_text: OnText | None = None,
    ) -> ModelAnswer:
        """Return what a model said."""
        answer = self._player.asked(request, self._who)
        if on_text is not None:
            on_text(answer.text)
        return answer

    async def embed(
        self, model: str, texts: Sequence[str], credential: CredentialRef | None
    ) -> Sequence[Sequence[float]]:
        """Return where texts lie."""
        if self._player.is_scripted("embedding"):
            return [demo.embedding(one) for one in texts]
        return self._taken("embedding", {"model": model, "texts": list(texts)})["vectors"]

    async def transcribe(self, speech: Speech, credential: CredentialRef | None) -> Transcript:
        """Return what was heard."""
        if self._player.is_scripted("transcript"):
            return demo_senses.transcript(speech, self._player.script or ())
        return transcript_from(self._taken("transcript", speech_json(speech))["heard"])

    async def moderate(
        self, model: str, texts: Sequence[str], credential: CredentialRef | None
    ) -> Sequence[Verdict]:
        """Return what was thought of texts."""
        if self._player.is_scripted("verdict"):
            return [demo_senses.verdict(one) for one in texts]
        found = self._taken("verdict", {"model": model, "texts": list(texts)})
        return [verdict_from(one) for one in found["verdicts"]]

    async def draw(self, drawing: Drawing, credential: CredentialRef | None) -> Sequence[Picture]:
        """Return what was drawn."""
        if self._player.is_scripted("picture"):
            return demo_senses.pictures(drawing)
        return [picture_from(one) for one in self._taken("picture", drawing_json(drawing))["drawn"]]

    def _taken(self, kind: str, asked: Mapping[str, Json]) -> Exchange:
        sent = scrubbed(asked, (PLACEHOLDER,))
        what = f"{ASKED_OF_MODELS[kind]} by {asked['model']}"
        found = self._player.take(kind, self._who, lambda one: unlike(one, one, sent), what)
        fail_as(found)
        return found

    def window(self, model: str) -> int:
        """Return how much a model takes in; that is known without asking."""
        return load().find(model).window


class PlayedSandbox:
    """Implements `Sandbox`."""

    def __init__(self, player: Player, who: Who) -> None:
        self._player = player
        self._who = who

    async def run(self, code: str, language: CodeLanguage, *, seconds: float | None = None) -> Ran:
        """Return what came of code."""
        sent = scrubbed(code_json(code, language), (PLACEHOLDER,))
        found = self._player.take(
            "code",
            self._who,
            lambda one: unlike(one, one, sent),
            f"{language.value} code",
        )
        fail_as(found)
        return ran_from(found["ran"])

    def bench(self) -> AbstractAsyncContextManager[Bench]:
        """Lend a real bench: it asks nobody, so nothing of it was recorded."""
        return LateSandbox(SandboxLimits(), warm=0).bench()

    def program(
        self, name: str, *, secret: str | None = None
    ) -> AbstractAsyncContextManager[Program]:
        """Lend a program as it spoke."""
        return self._program(name)

    @asynccontextmanager
    async def _program(self, name: str) -> AsyncGenerator[Program]:
        what = f"the program {name!r}"
        asked: dict[str, Json] = {"name": name}
        found = self._player.take("program", self._who, lambda one: unlike(one, one, asked), what)
        fail_as(found)
        yield PlayedProgram(self._player, self._who, found)


class PlayedProgram:
    """Implements `Program`."""

    complaint = ""

    def __init__(self, player: Player, who: Who, found: Exchange) -> None:
        self._player = player
        self._who = who
        self._lines: list[Mapping[str, str]] = list(found["lines"])

    async def say(self, line: bytes) -> None:
        """Take a line, which has to be the one that was recorded.

        Raises:
            BlockError: It is another one.
        """
        sent = scrubbed(line.decode("utf-8", "replace"), (PLACEHOLDER,))
        expected = self._lines.pop(0).get("said") if self._lines else None
        if expected != sent:
            message = f"To the program was said {expected!r:.300}, and now {sent!r:.300}."
            self._player.problem(self._who, message)
            raise BlockError(message, code="cassette.not_recorded")

    async def hear(self) -> bytes:
        """Return the line that came next."""
        if self._lines and "heard" in self._lines[0]:
            return self._lines.pop(0)["heard"].encode()
        return b""


class PlayedSql:
    """Implements `Sql`."""

    def __init__(self, player: Player, who: Who) -> None:
        self._player = player
        self._who = who

    async def query(self, server: SqlServer, query: SqlQuery) -> SqlAnswer:
        """Return what a database answered."""
        sent = scrubbed(sql_json(server, query), (PLACEHOLDER,))
        what = f"a question to the database {sent['server']}"
        found = self._player.take("sql", self._who, lambda one: unlike(one, one, sent), what)
        fail_as(found)
        return sql_from(found["answer"])


class PlayedPost:
    """Implements `Post`."""

    def __init__(self, player: Player, who: Who) -> None:
        """Answer a node."""
        self._player = player
        self._who = who

    async def send(self, server: MailServer, message: EmailMessage, people: Sequence[str]) -> None:
        """Take a mail that was taken when it was recorded, or refuse it as then."""
        sent = scrubbed(mail_json(server, message, people), (PLACEHOLDER,))
        what = f"a mail by {sent['server']}"
        fail_as(self._player.take("mail", self._who, lambda one: unlike(one, one, sent), what))


class PlayedStore:
    """Implements `KeyValueStore`."""

    def __init__(
        self, player: Player, stored: dict[tuple[str, Scope, str], Json], who: Who
    ) -> None:
        self._player = player
        self._stored = stored
        self._who = who

    async def get(self, key: str, *, scope: Scope) -> Json | None:
        """Return what was kept under a key."""
        return self._stored.get(place(self._who[0], scope, key))

    async def set(self, key: str, value: Json, *, scope: Scope) -> None:
        """Keep a value for the rest of the run."""
        self._stored[place(self._who[0], scope, key)] = value

    async def remember(self, collection: Collection, memos: Sequence[Memo]) -> Sequence[str]:
        """Return the ids that texts have."""
        return [memory_id(checked(collection), one) for one in memos]

    async def recall(self, collection: Collection, question: Question) -> Sequence[Recalled]:
        """Return what was found."""
        found = self._taken("recalled", question_json(collection, question))
        return [recalled_from(one) for one in found["found"]]

    async def forget(self, collection: Collection, ids: Sequence[str] | None) -> int:
        """Return how many went."""
        listed: Json = None if ids is None else list(ids)
        return self._taken("forgotten", {"collection": collection.as_json(), "ids": listed})[
            "count"
        ]

    def _taken(self, kind: str, asked: Mapping[str, Json]) -> Exchange:
        sent = scrubbed(asked, (PLACEHOLDER,))
        found = self._player.take(
            kind, self._who, lambda one: unlike(one, one, sent), told({**asked, "kind": kind})
        )
        fail_as(found)
        return found


class PlayedLibrary:
    """Implements `Library`."""

    def __init__(self, player: Player, who: Who) -> None:
        """Answer a node."""
        self._player = player
        self._who = who

    async def agents(self, search: str, *, limit: int, page: int) -> AgentList:
        """Return what was listed."""
        sent = scrubbed({"search": search, "limit": limit, "page": page}, (PLACEHOLDER,))
        found = self._player.take(
            "agents", self._who, lambda one: unlike(one, one, sent), f"agents, page {page}"
        )
        fail_as(found)
        return AgentList([OwnAgent(**one) for one in found["found"]], found["total"])
