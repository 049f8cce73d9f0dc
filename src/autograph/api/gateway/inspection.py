"""What is refused whoever sends it: rules with ids, over the path, the query and the headers.

Bodies are judged by size, type and the schema of their route alone. What people write in them is theirs: a
prompt may hold SQL and HTML, and nothing here runs either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import ClassVar, Final
from urllib.parse import unquote

import structlog
from starlette.types import Scope

from autograph.api.gateway.credentials import headers_of, ip_of
from autograph.api.gateway.routes import Access
from autograph.infra.errors import Forbidden, TooLarge, UserError

_log = structlog.stdlib.get_logger(__name__)
MAX_PATH: Final = 2_048
MAX_QUERY: Final = 8_192
MAX_HEADER: Final = 16_384
MAX_HEADERS: Final = 100
_AROUND_FILES: Final = 64 * 1024
"""What a form puts around a file."""
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestRefused(Forbidden):
    """The request looks like an attack; `details.rule` says by which rule."""

    code: ClassVar[str] = "request.refused"


class MediaTypeRefused(UserError):
    """The body's type is none that this route takes."""

    code: ClassVar[str] = "request.media_type"


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern, and what it says about a request."""

    id: str
    pattern: re.Pattern[str]


def _rule(rule_id: str, pattern: str) -> Rule:
    return Rule(rule_id, re.compile(pattern, re.IGNORECASE))


_PATH: Final = (
    _rule("path.traversal", r"(^|[/\\])\.\.?([/\\;]|$)|\.\.[/\\]"),
    _rule("path.control", r"[\x00-\x1f\x7f]"),
    _rule("path.backslash", r"\\"),
    _rule("path.encoded_twice", r"%(25)*[0-9a-f]{2}"),
    _rule("path.markup", r"[<>\"'`]|\$\{|\{\{"),
    _rule(
        "path.foreign",
        r"\.(php\d?|phtml|aspx?|jspx?|cgi|pl|exe|dll|bak|sql|ini|env)([/?;]|$)|/(\.(?!well-known/)|wp-|phpmyadmin|cgi-bin)",
    ),
)
_PLAIN: Final = re.compile(r"[A-Za-z0-9/_-]*")
"""A path of these characters alone can break the last rule at most; nearly every path is such a one."""
_QUERY: Final = (
    _rule("query.control", r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|[\r\n]\s*[a-z-]+\s*:"),
    _rule("query.traversal", r"(^|[=/\\])\.\.[/\\]|/etc/(passwd|shadow)|[a-z]:\\windows"),
    _rule(
        "query.script",
        r"<\s*/?(script|iframe|object|embed|svg|img)\b[^>]*(>|\bon\w+\s*=)|javascript:\s*\S|<[^>]+\bon\w+\s*=",
    ),
    _rule(
        "query.sql",
        r"'\s*(or|and)\s+['\d(].*=|\bunion\s+(all\s+)?select\b.*(--|\bfrom\b|,)|;\s*(drop|alter|truncate|delete|insert|update)\s+\w+"
        r"|'\s*;?\s*--|\b(pg_sleep|sleep|benchmark|waitfor\s+delay)\b\s*['(]|\bxp_cmdshell\b",
    ),
    _rule(
        "query.template",
        r"\$\{\s*(jndi|env|sys|java|\d+\s*[*+])|\{\{.*(__class__|\d+\s*\*\s*\d+|config).*\}\}|<%|#\{.*\}",
    ),
    _rule(
        "query.shell",
        r"[;|&`]\s*(cat|ls|id|wget|curl|nc|bash|sh|ping|whoami|uname)\b|\$\((cat|ls|id|wget|curl|whoami|uname)\b",
    ),
    _rule("query.entity", r"<!(doctype|entity)\b"),
    _rule("query.scheme", r"\b(file|gopher|dict|php|expect|phar)://"),
    _rule("query.prototype", r"__proto__|constructor\[?\.?prototype"),
)
_HEADER: Final = (
    _rule("header.control", r"[\x00-\x08\x0a-\x1f\x7f]"),
    _rule("header.template", r"\$\{\s*(jndi|env|sys|java)|\(\)\s*\{\s*:;\s*\}"),
)
_AGENTS: Final = _rule(
    "agent.scanner",
    r"\b(sqlmap|nikto|nmap|masscan|nessus|acunetix|dirbuster|gobuster|wpscan|zgrab|nuclei|havij|w3af|feroxbuster)\b",
)
_FORGED: Final = frozenset(
    {
        b"x-original-url",
        b"x-rewrite-url",
        b"x-http-method-override",
        b"x-http-method",
        b"x-method-override",
    }
)
"""By these some servers see another path or method than the one that was authorised."""


class Inspection:
    """Judges requests."""

    def __init__(
        self,
        *,
        max_body_bytes: int,
        max_file_bytes: int,
        denied: Sequence[IPv4Network | IPv6Network] = (),
        allowed: Sequence[IPv4Network | IPv6Network] = (),
        only_notes: bool = False,
    ) -> None:
        """Refuse bodies over `max_body_bytes`, where they hold files over `max_file_bytes`, addresses in `denied`, and those outside `allowed`, if any.

        With `only_notes`, what looks like an attack by its path, query or headers passes, and is noted.
        """
        self._max_body_bytes = max_body_bytes
        self._max_file_bytes = max_file_bytes
        self._denied = denied
        self._allowed = allowed
        self._only_notes = only_notes

    def limit_of(self, access: Access) -> int | None:
        """Return how large a body may be that is larger than others; None for as large as any."""
        return self._max_file_bytes + _AROUND_FILES if access.takes_files else None

    def inspect(self, scope: Scope, access: Access) -> None:
        """Let a request pass, or refuse it.

        Raises:
            RequestRefused: It looks like an attack.
            TooLarge: Its body, path, query or headers are.
            MediaTypeRefused: The route takes no such body.
        """
        headers = headers_of(scope)
        try:
            self._check_address(ip_of(scope))
            self._check_size(scope, headers, access)
            self._check_target(scope)
            self._check_headers(scope, headers)
            self._check_body(scope, headers, access)
        except (RequestRefused, TooLarge, MediaTypeRefused) as refused:
            rule = refused.details.get("rule", refused.code)
            request_id = scope.get("state", {}).get("request_id", "")
            _log.warning("a request was refused", rule=rule, request_id=request_id)
            raise

    def _matched(self, rule_id: str) -> None:
        if not self._only_notes:
            raise _refused(rule_id)
        _log.warning("a request would be refused", rule=rule_id)

    def _check_address(self, ip: str) -> None:
        if not self._denied and not self._allowed:
            return
        try:
            address = ip_address(ip)
        except ValueError:
            raise _refused("address.unknown") from None
        if any(address in network for network in self._denied):
            raise _refused("address.denied")
        if self._allowed and not any(address in network for network in self._allowed):
            raise _refused("address.not_allowed")

    def _check_size(self, scope: Scope, headers: Mapping[bytes, bytes], access: Access) -> None:
        raw = scope.get("raw_path") or scope["path"].encode()
        if len(raw) > MAX_PATH or len(scope["query_string"]) > MAX_QUERY:
            raise TooLarge(f"A path has at most {MAX_PATH} bytes, a query {MAX_QUERY}.")
        if len(scope["headers"]) > MAX_HEADERS or any(
            len(value) > MAX_HEADER for _, value in scope["headers"]
        ):
            raise TooLarge(f"A request has at most {MAX_HEADERS} headers of {MAX_HEADER} bytes.")
        declared = headers.get(b"content-length", b"0")
        if not declared.isdigit():
            raise _refused("header.content_length")
        limit = self.limit_of(access)
        if int(declared) > (limit or self._max_body_bytes):
            raise too_large(limit or self._max_body_bytes, is_file=limit is not None)

    def _check_target(self, scope: Scope) -> None:
        if _method(scope) not in _METHODS:
            raise _refused("method.unknown")
        path = scope["path"]
        for rule in _PATH[-1:] if _PLAIN.fullmatch(path) else _PATH:
            if rule.pattern.search(path):
                self._matched(rule.id)
        query = scope["query_string"].decode("latin-1")
        if query:
            once = unquote(query.replace("+", " "))
            for text in {once, unquote(once)}:
                for rule in _QUERY:
                    if rule.pattern.search(text):
                        self._matched(rule.id)

    def _check_headers(self, scope: Scope, headers: Mapping[bytes, bytes]) -> None:
        names = [name for name, _ in scope["headers"]]
        if names.count(b"host") != 1 and scope.get("http_version") != "2":
            raise _refused("header.host")
        if names.count(b"content-length") > 1 or (
            b"content-length" in names and b"transfer-encoding" in names
        ):
            raise _refused("header.framing")
        if not _FORGED.isdisjoint(names):
            raise _refused("header.override")
        # A tab stands between them: no rule takes it for its own.
        text = b"\t".join([value for _, value in scope["headers"]]).decode("latin-1")
        for rule in _HEADER:
            if rule.pattern.search(text):
                self._matched(rule.id)
        agent = headers.get(b"user-agent")
        if agent and _AGENTS.pattern.search(agent.decode("latin-1")):
            self._matched(_AGENTS.id)

    def _check_body(self, scope: Scope, headers: Mapping[bytes, bytes], access: Access) -> None:
        has_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
        if not has_body or _method(scope) not in _WITH_BODY:
            return
        if headers.get(b"content-encoding", b"identity") != b"identity":
            raise MediaTypeRefused("Bodies are not taken compressed.", taken=["identity"])
        sent = headers.get(b"content-type", b"").decode("latin-1").split(";")[0].strip().lower()
        if not sent or (sent.startswith("application/") and sent.endswith("+json")):
            sent = "application/json"
        if sent not in access.media_types and "*/*" not in access.media_types:
            raise MediaTypeRefused(
                f"This takes {', '.join(sorted(access.media_types))}, not {sent[:80]}.",
                taken=sorted(access.media_types),
            )


def _method(scope: Scope) -> str:
    """Return a request's method; what opens a socket is a GET that says so nowhere."""
    method: str = scope.get("method", "GET")
    return method


def too_large(limit: int, *, is_file: bool = False) -> TooLarge:
    """Return the error of a body over the limit."""
    setting = "AUTOGRAPH_MAX_FILE_BYTES" if is_file else "AUTOGRAPH_MAX_BODY_BYTES"
    return TooLarge(f"The body is larger than {limit} bytes (setting: {setting}).", limit=limit)


def _refused(rule: str) -> RequestRefused:
    return RequestRefused(
        f"The request was refused (rule {rule}). If it was meant well, tell whoever runs this installation.",
        rule=rule,
    )
