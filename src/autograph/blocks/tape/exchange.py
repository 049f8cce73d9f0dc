"""Exchanges as values: their parts as JSON and back, and without secrets. PURE."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from email.message import EmailMessage
from typing import Any, Final

from autograph.blocks.sdk import (
    Attachment,
    CodeLanguage,
    Collection,
    Drawing,
    Json,
    MailServer,
    ModelAnswer,
    ModelRequest,
    Picture,
    Question,
    Recalled,
    Segment,
    Speech,
    ToolCall,
    Transcript,
    Usage,
    Verdict,
    is_list,
    is_object,
)
from autograph.blocks.sdk.exchanges import MASK
from autograph.infra.json import canonical
from autograph.infra.sandbox.ports import Failure, MadeFile, Ran
from autograph.infra.sql.ports import SqlAnswer, SqlQuery, SqlServer

MAX_KEPT: Final = 4 * 1024 * 1024
"""Bytes of one body or file; what is larger is left out, and said to be."""
ASKED_OF_MODELS: Final[Mapping[str, str]] = {
    "embedding": "an embedding",
    "transcript": "the transcript of a recording",
    "verdict": "a verdict",
    "picture": "a picture",
}
Exchange = Mapping[str, Any]


def scrubbed(value: Json, secrets: Sequence[str]) -> Json:
    """Return a value without secrets, in whatever text, name or Base64 of it they stand."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, MASK)
        return value
    if is_list(value):
        return [scrubbed(one, secrets) for one in value]
    if not is_object(value):
        return value
    return {
        str(scrubbed(name, secrets)): _scrubbed_bytes(one, secrets)
        if name == "base64" and isinstance(one, str)
        else scrubbed(one, secrets)
        for name, one in value.items()
    }


def _scrubbed_bytes(text: str, secrets: Sequence[str]) -> str:
    content = base64.b64decode(text)
    for secret in secrets:
        content = content.replace(secret.encode(), MASK.encode())
    return base64.b64encode(content).decode()


def request_json(request: ModelRequest) -> dict[str, Json]:
    """Return what a model is asked; parts that say nothing are left out."""
    written = {
        **asdict(request),
        "messages": [one.as_json() for one in request.messages],
        "calls_several": request.calls_several or None,
        "may_call": request.may_call or None,
    }
    plain: dict[str, Json] = canonical(written)[1]
    return {name: one for name, one in plain.items() if one not in (None, [])}


def answer_json(answer: ModelAnswer) -> dict[str, Json]:
    """Return what a model said."""
    plain: dict[str, Json] = canonical(asdict(answer))[1]
    return {name: one for name, one in plain.items() if one not in (None, [], "", False)}


def answer_from(said: Mapping[str, Any]) -> ModelAnswer:
    """Return what a model said, as `answer_json` wrote it or somebody by hand."""
    return ModelAnswer(
        str(said.get("text", "")),
        [ToolCall(one["id"], one["name"], one["arguments"]) for one in said.get("tool_calls", ())],
        Usage(**said.get("usage", {})),
        str(said.get("reasoning", "")),
        bool(said.get("is_cut_off", False)),
        str(said.get("answer_id", "")),
        said.get("sources", []),
    )


def speech_json(speech: Speech) -> dict[str, Json]:
    """Return what is to be written down; of the recording, what tells it from others."""
    return {
        "model": speech.model,
        "audio": _attached(speech.audio),
        "language": speech.language,
        "hint": speech.hint,
    }


def transcript_json(heard: Transcript) -> dict[str, Json]:
    """Return what was said."""
    return {
        "text": heard.text,
        "segments": [one.as_json() for one in heard.segments],
        "language": heard.language,
        "seconds": heard.seconds,
    }


def transcript_from(said: Mapping[str, Any]) -> Transcript:
    """Return what was said, as `transcript_json` wrote it or somebody by hand."""
    segments = [Segment(one["start"], one["end"], one["text"]) for one in said.get("segments", ())]
    language, seconds = str(said.get("language", "")), float(said.get("seconds", 0))
    return Transcript(str(said.get("text", "")), segments, language, seconds)


def verdict_from(said: Mapping[str, Any]) -> Verdict:
    """Return a verdict that was written with `asdict`, or by hand."""
    return Verdict(bool(said["is_flagged"]), said.get("categories", {}), said.get("scores", {}))


def drawing_json(drawing: Drawing) -> dict[str, Json]:
    """Return which picture is wanted; of what it is made of, what tells it from others."""
    return {
        "model": drawing.model,
        "prompt": drawing.prompt,
        "count": drawing.count,
        "size": drawing.size,
        "quality": drawing.quality,
        "pictures": [_attached(one) for one in drawing.pictures],
        "mask": None if drawing.mask is None else _attached(drawing.mask),
    }


def picture_json(picture: Picture) -> dict[str, Json]:
    """Return a picture."""
    return {
        "base64": base64.b64encode(picture.content).decode(),
        "media_type": picture.media_type,
        "prompt": picture.prompt,
    }


def picture_from(said: Mapping[str, Any]) -> Picture:
    """Return a picture, as `picture_json` wrote it or somebody by hand."""
    kind = str(said.get("media_type", "image/png"))
    return Picture(base64.b64decode(said["base64"]), kind, str(said.get("prompt", "")))


def question_json(collection: Collection, question: Question) -> dict[str, Json]:
    """Return what is looked for among memories; the embedding of it is an exchange of its own."""
    return {
        "collection": collection.as_json(),
        "limit": question.limit,
        "least": question.least,
        "where": dict(question.where),
    }


def recalled_from(said: Mapping[str, Any]) -> Recalled:
    """Return a memory that was found, as `Recalled.as_json` wrote it or somebody by hand."""
    return Recalled(
        str(said.get("id", "")),
        str(said["text"]),
        said.get("metadata", {}),
        float(said.get("score", 1.0)),
        datetime.fromisoformat(said.get("remembered_at", "2026-01-01T00:00:00+00:00")),
    )


def _attached(file: Attachment) -> dict[str, Json]:
    return {"name": file.name, "sha256": hashlib.sha256(file.content).hexdigest()}


def ran_json(ran: Ran) -> dict[str, Json]:
    """Return what came of code."""
    return {
        "value": ran.value,
        "text": ran.text,
        "stdout": ran.stdout,
        "stderr": ran.stderr,
        "files": [
            {"path": one.path, "base64": base64.b64encode(one.content).decode()}
            for one in ran.files
        ],
        "failure": None if ran.failure is None else asdict(ran.failure),
    }


def ran_from(said: Mapping[str, Any]) -> Ran:
    """Return what came of code, as `ran_json` wrote it or somebody by hand."""
    failure = said.get("failure")
    return Ran(
        said.get("value"),
        str(said.get("text", "")),
        str(said.get("stdout", "")),
        str(said.get("stderr", "")),
        [MadeFile(one["path"], base64.b64decode(one["base64"])) for one in said.get("files", ())],
        None if failure is None else Failure(failure["code"], failure["message"]),
    )


def code_json(code: str, language: CodeLanguage) -> dict[str, Json]:
    """Return code that is run."""
    return {"language": language.value, "code": code}


def mail_json(server: MailServer, message: EmailMessage, people: Sequence[str]) -> dict[str, Json]:
    """Return a mail that is sent; who sends it is not compared, for that is a matter of the credential."""
    return {
        "server": f"{server.host}:{server.port}",
        "people": list(people),
        "subject": str(message["Subject"]),
        "text": str(message.get_content()),
    }


def sql_json(server: SqlServer, query: SqlQuery) -> dict[str, Json]:
    """Return what a database is asked."""
    return {"server": f"{server.kind.value}://{server.host}/{server.database}", "text": query.text}


def sql_from(said: Mapping[str, Any]) -> SqlAnswer:
    """Return what a database answered."""
    return SqlAnswer(
        said.get("columns"),
        said.get("rows", []),
        bool(said.get("is_truncated", False)),
        said.get("affected_rows"),
    )


def told(one: Exchange) -> str:
    """Return an exchange in a few words, for messages."""
    kind = one.get("kind")
    node = f" (node {one['node']})" if one.get("node") else ""
    if kind == "http":
        return f"{one.get('request')}{node}"
    if kind == "model":
        return f"a question to {one.get('request', {}).get('model', 'a model')}{node}"
    if kind in ASKED_OF_MODELS:
        return f"{ASKED_OF_MODELS[kind]} by {one.get('model')}{node}"
    if kind == "sql":
        return f"a question to the database {one.get('server')}{node}"
    if kind in {"recalled", "forgotten"}:
        return f"the memories {one.get('collection', {}).get('name')!r}{node}"
    if kind == "mail":
        return f"a mail by {one.get('server')}{node}"
    if kind == "program":
        return f"the program {one.get('name')!r}{node}"
    if kind == "dialed":
        return f"the connection to {one.get('host')}:{one.get('port')}{node}"
    if kind == "code":
        return f"{one.get('language', '')} code{node}"
    return f"the file {one.get('name') or one.get('reference')!r}{node}"
