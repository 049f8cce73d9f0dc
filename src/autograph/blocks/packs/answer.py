"""An answer of a provider: read once, and its failures put into words."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Final

from autograph.blocks.packs.format import Errors
from autograph.blocks.packs.selectors import MISSING, Filter, parse
from autograph.blocks.sdk import BlockError, HttpResponse
from autograph.graph.model import Json, is_object
from autograph.infra.json import NotJson, encode

_SHOWN: Final = 300
CODES: Final[Mapping[int, str]] = {
    400: "provider.rejected",
    401: "provider.unauthorised",
    402: "provider.payment_required",
    403: "provider.forbidden",
    404: "provider.not_found",
    409: "provider.conflict",
    410: "provider.not_found",
    422: "provider.rejected",
    429: "provider.rate_limited",
}
_USUAL: Final = (
    "message",
    "error.message",
    "error_description",
    "error",
    "errors.0.message",
    "detail",
    "errors.0",
)


class BadAnswer(BlockError):
    """The answer is not shaped as the pack says."""

    def __init__(self, provider: str, expected: str, came: str) -> None:
        super().__init__(
            f"{provider}'s answer breaks its shape: {expected}; came {shortened(came)}.",
            code="provider.bad_answer",
        )


def shortened(text: str) -> str:
    """Return a text in one line that fits into a message."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    provider: str
    response: HttpResponse

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in lower case."""
        return self.response.headers

    @property
    def text(self) -> str:
        """The body as text."""
        return self.response.text

    @property
    def data_uri(self) -> str:
        """The body as `data:` with its type."""
        kind = self.headers.get("content-type", "application/octet-stream").replace(" ", "")
        return f"data:{kind};base64,{base64.b64encode(self.response.body).decode()}"

    @cached_property
    def json(self) -> Json:
        """The body's value; nothing at all is null.

        Raises:
            BadAnswer: It is not JSON.
        """
        if not self.response.body.strip():
            return None
        try:
            return self.response.json()
        except NotJson as error:
            raise BadAnswer(
                self.provider, "JSON was expected", repr(shortened(self.text))
            ) from error

    @property
    def shown(self) -> str:
        """The body, for a message."""
        return shortened(self.text) or "nothing"


@dataclass(frozen=True, slots=True)
class Merged:
    """An answer whose value was put together from several."""

    last: Answer
    json: Json

    @property
    def status(self) -> int:
        """The last one's."""
        return self.last.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The last one's."""
        return self.last.headers

    @property
    def text(self) -> str:
        """Its value, as JSON."""
        return encode(self.json).decode()

    @property
    def data_uri(self) -> str:
        """The last one's."""
        return self.last.data_uri


def matches(
    answer: Answer, rules: Mapping[str, Sequence[Json]], filters: Mapping[str, Filter]
) -> bool:
    """Tell whether a selector finds one of the values that stand beside it."""
    return any(
        parse(selector, filters).find(answer) in list(values) for selector, values in rules.items()
    )


def failure(
    answer: Answer,
    errors: Errors,
    filters: Mapping[str, Filter],
    *,
    whose: str,
    now: datetime,
    hidden: Sequence[str] = (),
) -> BlockError:
    """Return what a refusal means for the node.

    Args:
        answer: The refusal.
        errors: How the provider says such things.
        filters: What selectors may name.
        whose: The credential, in words; empty where there is none.
        now: The current moment.
        hidden: What is secret, and stands in no message even where the provider repeats it.
    """
    code = errors.codes.get(str(answer.status)) or CODES.get(answer.status)
    if code is None:
        code = "provider.unavailable" if answer.status >= 500 else "provider.rejected"
    if _is_limited(answer, errors, filters):
        code = "provider.rate_limited"
    said = _said(answer, errors, filters)
    for one in hidden:
        said = said.replace(one, "•••")
    status = f"{answer.status}{', ' + whose if whose else ''}"
    message = f"{answer.provider} refused ({status}): {shortened(said) or 'it does not say why'}"
    if code == "provider.unauthorised":
        message = f"{message.rstrip('.')}. Renew the credential, or choose another one."
    retry_after = _retry_after(answer, errors, now) if answer.status >= 400 else None
    return BlockError(message, code=code, retry_after=retry_after)


def _is_limited(answer: Answer, errors: Errors, filters: Mapping[str, Filter]) -> bool:
    if any(answer.headers.get(name.lower()) == value for name, value in errors.exhausted.items()):
        return True
    try:
        return matches(answer, errors.limited, filters)
    except BadAnswer:
        return False


def _said(answer: Answer, errors: Errors, filters: Mapping[str, Filter]) -> str:
    try:
        value = answer.json
    except BadAnswer:
        return answer.text
    selectors = [errors.message, *_USUAL] if errors.message else _USUAL
    for selector in selectors:
        found = parse(selector, filters).find(answer)
        if isinstance(found, str) and found:
            return found
        if found is not MISSING and found and selector == errors.message:
            return encode(found).decode()
    return encode(value).decode() if is_object(value) else answer.text


def _retry_after(answer: Answer, errors: Errors, now: datetime) -> timedelta | None:
    said = answer.headers.get("retry-after", "")
    if said.isdigit():
        return timedelta(seconds=int(said))
    try:
        if said:
            return max(parsedate_to_datetime(said) - now, timedelta(0))
    except (ValueError, TypeError):
        return None
    reset = answer.headers.get(errors.reset.lower(), "") if errors.reset else ""
    if reset.isdigit() and int(reset) < 1 << 36:
        return max(datetime.fromtimestamp(int(reset), UTC) - now, timedelta(0))
    return None
