"""Requests to any web server."""

from __future__ import annotations

import json
from datetime import timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode, urlsplit

from autograph.blocks.sdk import (
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    CredentialRef,
    Effect,
    Example,
    Exchanged,
    Format,
    HostScopedSecret,
    HttpRequest,
    HttpResponse,
    Json,
    Outputs,
    credential_pin,
    pin,
)

Entries = dict[str, Json]
_TIMEOUT: Final = timedelta(seconds=60)
_MAX_ANSWER: Final = 16 * 1024 * 1024
_MAX_FILES: Final = 64 * 1024 * 1024


class HttpMethod(StrEnum):
    """What is done to what the address names."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    DELETE = "DELETE"
    PATCH = "PATCH"
    OPTIONS = "OPTIONS"
    HEAD = "HEAD"


class SendWebRequestInput(BlockInput):
    """A request."""

    url: str = pin(description="Where it goes.", placeholder="https://api.example.com")
    method: HttpMethod = pin(
        HttpMethod.POST, description="What is done to what the address names.", advanced=True
    )
    headers: dict[str, str] = pin(
        default_factory=dict, description="Headers by name.", advanced=True
    )
    json_format: bool = pin(
        True, description="Send the body as JSON; else as a form's fields.", advanced=True
    )
    body: Entries | None = pin(None, description="What is sent.", advanced=True)
    files_name: str = pin(
        "file", description="The field under which files are sent.", advanced=True
    )
    files: list[str] = pin(
        default_factory=list,
        description="Files to send; the body's entries go along as fields.",
        advanced=True,
        format=Format.FILE,
    )


class SendWebRequestOutput(BlockOutput):
    """The answer, by its status."""

    response: Json = pin(description="What came, where the status is below 400.")
    client_error: Json = pin(description="What came with a status from 400 to 499.")
    server_error: Json = pin(description="What came with a status from 500.")


class SendWebRequest(Block[SendWebRequestInput]):
    """A request to any web server."""

    id = "6595ae1f-b924-42cb-9a41-551a0611c4b4"
    name = "SendWebRequest"
    description = (
        "Sends an HTTP request and gives out the answer: its value where it is JSON, else its text."
    )
    categories = (Category.OUTPUT,)
    effect = Effect.EFFECT
    aliases = ("http", "api", "rest")
    Input = SendWebRequestInput
    Output = SendWebRequestOutput
    examples = (
        Example(
            {"url": "https://api.example.com/tea", "method": "GET"},
            [("response", {"kind": "green"})],
            exchanges=(
                Exchanged(
                    "GET", "https://api.example.com/tea", response={"response": {"kind": "green"}}
                ),
            ),
        ),
        Example(
            {"url": "https://api.example.com/coffee", "method": "GET"},
            [("client_error", "I am a teapot.")],
            exchanges=(
                Exchanged(
                    "GET",
                    "https://api.example.com/coffee",
                    status=418,
                    response={"text": "I am a teapot."},
                ),
            ),
        ),
    )

    async def run(self, input: SendWebRequestInput, ctx: Context) -> Outputs:
        """Yield the answer at the pin of its status."""
        yield _told(await ctx.http.send(await _request(input, ctx)))


class SendAuthenticatedWebRequestInput(SendWebRequestInput):
    """A request, and whose it is."""

    credentials: CredentialRef = credential_pin(
        "http", kinds=("host_scoped",), description="The headers that the host wants to see."
    )


class SendAuthenticatedWebRequest(Block[SendAuthenticatedWebRequestInput]):
    """A request that proves who sends it."""

    id = "fff86bcd-e001-4bad-a7f6-2eae4720c8dc"
    name = "SendAuthenticatedWebRequest"
    description = (
        "Sends an HTTP request with a credential's headers, which go to the credential's host and no "
        "other, also when the answer leads elsewhere."
    )
    categories = (Category.OUTPUT,)
    effect = Effect.EFFECT
    Input = SendAuthenticatedWebRequestInput
    Output = SendWebRequestOutput
    examples = (
        Example(
            {
                "url": "https://api.example.com/me",
                "method": "GET",
                "credentials": {"id": "example", "provider": "http", "type": "host_scoped"},
            },
            error="There is no credential",
        ),
    )

    async def run(self, input: SendAuthenticatedWebRequestInput, ctx: Context) -> Outputs:
        """Yield the answer at the pin of its status.

        Raises:
            BlockError: The credential is for another host.
        """
        secret = await ctx.credential(input.credentials)
        if not isinstance(secret, HostScopedSecret):
            raise BlockError("The credential holds no headers for a host.")
        host = _host(_address(input.url))
        proofs = secret.headers(host)
        if not proofs:
            raise BlockError(
                f"The credential is for {secret.host}, and the request goes to {host or 'no host'}: choose another one."
            )
        # Those of the credential win: a header by hand must not stand in for them.
        yield _told(await ctx.http.send(await _request(input, ctx, proofs)))


async def _request(
    input: SendWebRequestInput, ctx: Context, proofs: dict[str, str] | None = None
) -> HttpRequest:
    body, kind = await _body(input, ctx)
    own = {name.lower() for name in proofs or {}}
    headers = {name: value for name, value in input.headers.items() if name.lower() not in own}
    if kind and (input.files or not any(name.lower() == "content-type" for name in headers)):
        headers = {k: v for k, v in headers.items() if k.lower() != "content-type"}
        headers["Content-Type"] = kind
    return HttpRequest(
        input.method.value,
        _address(input.url),
        headers={**headers, **(proofs or {})},
        body=body,
        timeout=_TIMEOUT,
        max_bytes=_MAX_ANSWER,
        proofs=frozenset(own),
    )


def _address(url: str) -> str:
    given = url.strip()
    return given if "://" in given else f"https://{given}"


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


async def _body(input: SendWebRequestInput, ctx: Context) -> tuple[bytes | None, str]:
    """Return what is sent, and what it is."""
    if input.files:
        return await _multipart(input, ctx)
    if input.body is None:
        return None, ""
    if input.json_format:
        return _json(input.body).encode("utf-8", "replace"), "application/json"
    fields = [(key, _field(value)) for key, value in input.body.items()]
    return (
        urlencode(fields, errors="replace").encode(),
        "application/x-www-form-urlencoded",
    )


async def _multipart(input: SendWebRequestInput, ctx: Context) -> tuple[bytes, str]:
    """Return a form with files in it (RFC 7578)."""
    boundary = f"autograph{ctx.random.getrandbits(128):032x}"
    made = bytearray()
    for key, value in (input.body or {}).items():
        made += (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(key)}"\r\n\r\n'
            f"{_field(value)}\r\n"
        ).encode("utf-8", "replace")
    for reference in input.files:
        info = await ctx.files.info(reference)
        content = await ctx.files.read(reference, max_bytes=max(_MAX_FILES - len(made), 0))
        made += (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(input.files_name)}"; '
            f'filename="{_quoted(info.name)}"\r\nContent-Type: {info.media_type}\r\n\r\n'
        ).encode("utf-8", "replace")
        made += content + b"\r\n"
    made += f"--{boundary}--\r\n".encode()
    return bytes(made), f"multipart/form-data; boundary={boundary}"


def _quoted(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _field(value: Json) -> str:
    return value if isinstance(value, str) else _json(value)


def _json(value: Json) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise BlockError(f"The body cannot be sent as JSON: {error}.") from error


def _told(answer: HttpResponse) -> tuple[str, Json]:
    name = "response" if answer.is_ok else "client_error"
    name = "server_error" if answer.status >= 500 else name
    kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
    if not answer.body:
        return name, None
    if kind == "application/json" or kind.endswith("+json"):
        return name, answer.json()
    return name, answer.text
