"""One action, carried out: requests made of templates, answers followed to their end."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from urllib.parse import quote, urlencode, urljoin

from autograph.blocks.packs.answer import Answer, BadAnswer, Merged, failure, matches
from autograph.blocks.packs.auth import apply_auth
from autograph.blocks.packs.format import Action, Call, Errors, Lookup, Pack, Pages, Poll
from autograph.blocks.packs.quirks import lookups
from autograph.blocks.packs.selectors import MISSING, Answered, parse
from autograph.blocks.packs.templates import Scope, as_text, render, render_path
from autograph.blocks.sdk import BlockError, Context, CredentialRef, HttpRequest, Secret
from autograph.blocks.sdk.credentials import texts_of
from autograph.blocks.sdk.files import MAX_READ, read_stream
from autograph.blocks.sdk.forms import Part
from autograph.blocks.sdk.forms import multipart as form
from autograph.graph.model import Json, is_list, is_object
from autograph.infra.json import encode

_SHORTEST_WAIT: Final = 0.5
_NEXT_LINK: Final = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?')


class Unsendable(BlockError):
    """A text has no form in UTF-8."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(
            "An input holds half a character (a lone surrogate), which cannot be sent.",
            code="block.bad_input",
        )


@dataclass
class Exchange:
    """One attempt of an action: the provider, asked with a credential.

    Attributes:
        secret: None where the action needs none.
        reference: The credential, as the node names it.
    """

    pack: Pack
    action: Action
    ctx: Context
    scope: Scope
    secret: Secret | None = None
    reference: CredentialRef | None = None

    async def run(self) -> Answered:
        """Carry the action out and return the answer that its outputs are taken from.

        Raises:
            BlockError: The provider refuses, fails, or answers in another shape than the pack says.
        """
        for step in self.action.before:
            if isinstance(step, Lookup):
                found = await lookups(self.pack.id)[step.quirk](self.scope.pins, self)
                self.scope = replace(self.scope, steps={**self.scope.steps, step.name: found})
                continue
            wanted = step.when is None or render(step.when, self.scope)
            found = (await self.call(step)).json if wanted not in (MISSING, False) else None
            self.scope = replace(self.scope, steps={**self.scope.steps, step.name: found})
        if self.action.pages is not None:
            return await self._pages(self.action.pages)
        answer = await self.call(self.action)
        return answer if self.action.poll is None else await self._poll(self.action.poll, answer)

    async def call(
        self,
        call: Call,
        *,
        url: str | None = None,
        query: Mapping[str, Json] | None = None,
        body: Json = MISSING,
    ) -> Answer:
        """Send one request.

        Args:
            call: What it is made of.
            url: Where it goes instead.
            query: Further parameters.
            body: Its JSON body instead.

        Raises:
            BlockError: The provider refuses.
            Unsendable: An input has no form in UTF-8.
        """
        try:
            request = self._request(call, url, query, body, await self._read_parts(call))
        except UnicodeEncodeError:
            raise Unsendable from None
        return await self._send(request, call.accepts)

    def _request(
        self,
        call: Call,
        url: str | None,
        query: Mapping[str, Json] | None,
        body: Json,
        parts: Mapping[str, Part],
    ) -> HttpRequest:
        method, _, path = call.request.partition(" ")
        headers = {
            name: as_text(text)
            for name, one in call.headers.items()
            if (text := render(one, self.scope)) is not MISSING
        }
        kind, content = self._content(call, body, parts)
        if url is None:
            url = self._address(path, {**call.query, **(query or {})})
        if kind is not None:
            headers.setdefault("Content-Type", kind)
        if self._idempotency and method not in {"GET", "HEAD"}:
            headers.setdefault(self._idempotency, self.ctx.idempotency_key)
        return HttpRequest(method, url, headers=headers, body=content, timeout=self._timeout)

    async def send(
        self,
        request: str,
        *,
        query: Mapping[str, Json] | None = None,
        body: Json = None,
        content: tuple[str, bytes] | None = None,
        multipart: Mapping[str, Part] | None = None,
        headers: Mapping[str, str] | None = None,
        accepts: Sequence[int] = (),
    ) -> Answer:
        """Send what a quirk asks for: `METHOD /path`, quoted already, values as they are."""
        method, _, path = request.partition(" ")
        url = _with_query(self.pack.provider.url(path), query or {})
        given = dict(headers or {})
        if multipart is not None:
            content = form(multipart.items())
        kind, sent = content or ("application/json", None if body is None else encode(body))
        if sent is not None:
            given.setdefault("Content-Type", kind)
        request_made = HttpRequest(method, url, headers=given, body=sent, timeout=self._timeout)
        return await self._send(request_made, accepts)

    async def _send(self, request: HttpRequest, accepts: Sequence[int]) -> Answer:
        given = {name.lower() for name in request.headers}
        standing = {"Accept": "application/json"} | dict(self.pack.provider.headers)
        kept = {name: text for name, text in standing.items() if name.lower() not in given}
        request = replace(request, headers={**kept, **request.headers})
        if self.secret is not None:
            request = apply_auth(self.pack.provider, self.secret, request)
        rate = self.action.rate or self.pack.shared.rate
        if rate is not None:
            whose = self.reference.id if self.reference else "anyone"
            scope = self.action.id if self.action.rate else self.pack.id
            await self.ctx.throttle(f"packs:{scope}:{whose}", rate)
        answer = Answer(self.pack.provider.name, await self.ctx.http.send(request))
        errors = self._errors
        is_refused = answer.status >= 400 and answer.status not in accepts
        if (
            is_refused
            or matches(answer, errors.when, self.scope.filters)
            or self._is_graphql_failure(answer)
        ):
            hidden = () if self.secret is None else texts_of(self.secret)
            raise failure(
                answer,
                errors,
                self.scope.filters,
                whose=self._whose,
                now=self.ctx.now(),
                hidden=hidden,
            )
        return answer

    def _is_graphql_failure(self, answer: Answer) -> bool:
        """Tell whether GraphQL says no, which it does with a status of 200."""
        if not answer.response.url.partition("?")[0].endswith("/graphql"):
            return False
        return is_object(answer.json) and bool(answer.json.get("errors"))

    @property
    def _timeout(self) -> timedelta:
        return timedelta(seconds=self.action.timeout)

    @property
    def _errors(self) -> Errors:
        return self.action.errors or self.pack.shared.errors

    @property
    def _idempotency(self) -> str | None:
        return self.action.idempotency or self.pack.shared.idempotency

    @property
    def _whose(self) -> str:
        if self.reference is None:
            return ""
        return f"credential {self.reference.title or self.reference.id!r}"

    def _address(self, path: str, query: Mapping[str, Json]) -> str:
        made = render_path(path, self.scope)
        rendered = {
            name: one
            for name, template in query.items()
            if (one := render(template, self.scope)) is not MISSING
        }
        return _with_query(self.pack.provider.url(made), rendered)

    async def _read_parts(self, call: Call) -> Mapping[str, Part]:
        """Return the parts of `multipart/form-data`, the files that they name read.

        Raises:
            BlockError: There is no such file, or it is too large.
        """
        parts: dict[str, Part] = {}
        templates = call.multipart or {}
        for name, said in self._rendered(templates).items():
            kept: Mapping[str, Json] = said if is_object(said) else {"content": said}
            template = templates[name]
            if is_object(template) and "file" in template and "file" not in kept:
                continue  # no file is given: its name alone is none
            if "file" in kept:
                async with self.ctx.files.open(as_text(kept["file"])) as stream:
                    content: bytes = await read_stream(stream, MAX_READ)
                    usual = {"filename": stream.info.name, "type": stream.info.media_type}
                parts[name] = Part(content, {**usual, **kept})
            elif "json" in kept:
                parts[name] = Part(encode(kept["json"]), {"type": "application/json", **kept})
            else:
                parts[name] = Part(as_text(kept.get("content", said)).encode(), kept)
        return parts

    def _content(
        self, call: Call, instead: Json, parts: Mapping[str, Part]
    ) -> tuple[str | None, bytes | None]:
        """Return the body's type and the body."""
        if instead is not MISSING:
            return "application/json", encode(instead)
        if call.graphql is not None or call.body is not None:
            return "application/json", encode(self._json(call))
        if call.form is not None:
            return "application/x-www-form-urlencoded", urlencode(
                _pairs(self._rendered(call.form))
            ).encode()
        if call.multipart is not None:
            return form(parts.items())
        if call.raw is not None:
            content = render(call.raw["content"], self.scope)
            return call.raw.get("type", "text/plain"), b"" if content is MISSING else as_text(
                content
            ).encode()
        return None, None

    def _json(self, call: Call) -> Json:
        if call.graphql is not None:
            return {"query": call.graphql, "variables": self._rendered(call.variables)}
        found = render(call.body, self.scope)
        return {} if found is MISSING else found

    def _rendered(self, table: Mapping[str, Json]) -> dict[str, Json]:
        found = render(table, self.scope)
        return {} if found is MISSING else found

    async def _pages(self, pages: Pages) -> Answered:
        """Ask for part after part; return the last answer with all items in it.

        Raises:
            BadAnswer: An answer has no list where the pack says.
            BlockError: The provider refuses.
        """
        limit = None if pages.limit is None else render(pages.limit, self.scope)
        size = None if pages.size is None else render(pages.size, self.scope)
        most = limit if isinstance(limit, (int, float)) and not isinstance(limit, bool) else None
        selector = parse(pages.items, self.scope.filters)
        items: list[Json] = []
        url: str | None = None
        mark: Json = {"page": pages.first, "offset": 0}.get(pages.by)
        answer: Answer | None = None
        for _ in range(pages.max):
            answer = await self._part(pages, mark, url)
            found = selector.find(answer)
            part: list[Json] = [] if found in (MISSING, None) else found
            if not is_list(part):
                raise BadAnswer(
                    answer.provider, f"a list was expected at {pages.items}", answer.shown
                )
            items.extend(part)
            if most is not None and len(items) >= most:
                break
            is_last = not part or (isinstance(size, (int, float)) and len(part) < size)
            url, mark = self._next(pages, answer, mark, len(items))
            if (url is None and mark is None) or (is_last and pages.by in {"page", "offset"}):
                break
        if answer is None:
            raise BlockError("The pack asks for no page at all (pages.max).", code="packs.invalid")
        kept = items if most is None else items[: int(most)]
        return Merged(answer, _put_items(answer.json, pages.items, kept))

    async def _part(self, pages: Pages, mark: Json, url: str | None) -> Answer:
        if url is not None or mark is None:
            return await self.call(self.action, url=url)
        if pages.place == "query":
            return await self.call(
                self.action,
                query={pages.param: as_text(mark).replace("{", "{{").replace("}", "}}")},
            )
        body = self._json(self.action)
        return await self.call(self.action, body=_with(body, pages.param.split("."), mark))

    def _next(
        self, pages: Pages, answer: Answer, mark: Json, so_far: int
    ) -> tuple[str | None, Json]:
        """Return where the next part is, by address or by mark; neither where this was the last."""
        if pages.by == "link":
            found = _NEXT_LINK.search(answer.headers.get("link", ""))
            return (urljoin(answer.response.url, found[1]) if found else None), None
        if pages.more is not None and parse(pages.more, self.scope.filters).find(answer) in (
            MISSING,
            None,
            False,
        ):
            return None, None
        if pages.by == "page":
            return None, mark + 1
        if pages.by == "offset":
            return None, so_far
        found = parse(pages.next or "next", self.scope.filters).find(answer)
        return None, None if found in (MISSING, "") else found

    async def _poll(self, poll: Poll, start: Answer) -> Answer:
        """Ask until the work is done.

        Raises:
            BlockError: It failed, or it takes longer than it may.
        """
        self.scope = replace(self.scope, steps={**self.scope.steps, "start": start.json})
        until = {name: render(one, self.scope) for name, one in poll.until.items()}
        timeout = self._seconds(poll.timeout)
        is_wanted = poll.when is None or render(poll.when, self.scope) not in (MISSING, False)

        async def ask() -> Answer:
            return await self.call(Call(request=poll.request))

        def is_over(answer: Answer) -> bool:
            self._check_failed(poll, answer)
            return matches(answer, until, self.scope.filters)

        answer, waited = start, 0.0
        if is_wanted:
            every = self._seconds(poll.every)
            answer, waited = await self._wait(ask, start, is_over, every, timeout)
        is_done = is_over(answer)
        if is_wanted and not is_done and not poll.gives_up:
            raise BlockError(
                f"{answer.provider} is not done after {timeout:g} s.", code="provider.timeout"
            )
        how = {"seconds": waited, "is_done": is_done, "answer": answer.json}
        self.scope = replace(self.scope, steps={**self.scope.steps, "poll": how})
        return answer if poll.result is None else await self.call(Call(request=poll.result))

    async def wait(
        self, request: str, is_over: Callable[[Answered], bool], *, every: float, longest: float
    ) -> tuple[Answered, float]:
        """Ask again and again until it is over, or `longest` seconds have passed.

        Returns:
            The last answer, and how many seconds were waited.

        Raises:
            BlockError: The provider refuses.
        """

        async def ask() -> Answer:
            return await self.send(request)

        return await self._wait(ask, await ask(), is_over, every, longest)

    async def _wait(
        self,
        ask: Callable[[], Awaitable[Answer]],
        answer: Answer,
        is_over: Callable[[Answer], bool],
        every: float,
        longest: float,
    ) -> tuple[Answer, float]:
        every = max(every, _SHORTEST_WAIT)
        # An attempt that goes on after a wait has just asked; it knows how long was waited before.
        kept = self.ctx.kept
        waited = float(kept["waited"]) if is_object(kept) else 0.0
        while not is_over(answer) and waited < longest:
            waited += every
            await self.ctx.sleep(timedelta(seconds=every), keep={"waited": waited})
            answer = await ask()
        return answer, waited

    def _seconds(self, template: Json) -> float:
        found = render(template, self.scope)
        return float(found) if isinstance(found, (int, float)) else 0.0

    def _check_failed(self, poll: Poll, answer: Answer) -> None:
        """Check that the work has not failed.

        Raises:
            BlockError: It has.
        """
        if not matches(answer, poll.failed, self.scope.filters):
            return
        why = MISSING if not poll.message else parse(poll.message, self.scope.filters).find(answer)
        text = answer.shown if why in (MISSING, None) else as_text(why)
        raise BlockError(f"{answer.provider} could not do it: {text}", code="provider.failed")


def _with_query(url: str, query: Mapping[str, Json]) -> str:
    pairs = _pairs(query)
    if not pairs:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(pairs, quote_via=quote)}"


def _pairs(values: Mapping[str, Json]) -> list[tuple[str, str]]:
    """Return parameters by name; a list is the same name several times."""
    return [
        (name, as_text(one))
        for name, value in values.items()
        for one in (value if is_list(value) else [value])
    ]


def _with(body: Json, path: Sequence[str], value: Json) -> Json:
    """Return a body in which a part, named by its path, has a value."""
    table: dict[str, Json] = dict(body) if is_object(body) else {}
    head, *rest = path
    table[head] = _with(table.get(head), rest, value) if rest else value
    return table


def _put_items(value: Json, selector: str, items: list[Json]) -> Json:
    """Return an answer's value with all items where the selector finds its own."""
    path = [one for one in selector.removeprefix("$").split(".") if one]
    return _with(value, path, items) if path else items
