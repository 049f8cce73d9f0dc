"""`autograph gateway routes`: the table of routes, as the gateway itself goes by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.processes import as_json, command, up
from tests.security.inventory import routes

pytestmark = pytest.mark.timeout(120)


@pytest.mark.seed("D3-04")
def test_every_route_is_listed_as_it_declares_itself_and_what_is_not_listed_is_nowhere(
    tmp_path: Path,
) -> None:
    limits = {"AUTOGRAPH_MAX_BODY_BYTES": "2048", "AUTOGRAPH_MAX_FILE_BYTES": "4096"}
    done = command("gateway", "routes", "--json", data_dir=None, **limits)
    assert done.returncode == 0, done.stderr
    listed = {(one["method"], one["path"]): one for one in as_json(done)}

    assert listed.pop(("WS", "/ws")) == {
        "method": "WS",
        "path": "/ws",
        "permission": "runs.read",
        "public_because": "",
        "rate": "read",
        "max_body_bytes": 65_536,
        "is_for_programs": False,
    }
    assert {
        key: (one["permission"], one["public_because"], one["rate"], one["is_for_programs"])
        for key, one in listed.items()
    } == {
        (one.method, one.path): (
            one.access.permission,
            one.access.public_because,
            one.access.rate_of(one.method),
            one.access.is_for_programs,
        )
        for one in routes()
    }
    assert all(
        (one["permission"] is None) != (not one["public_because"]) for one in listed.values()
    )
    larger = {key for key, one in listed.items() if one["max_body_bytes"] != 2048}
    assert larger == {(one.method, one.path) for one in routes() if one.access.takes_files}
    assert min(listed[key]["max_body_bytes"] for key in larger) > 4096

    text = command("gateway", "routes", data_dir=None, **limits).stdout
    assert f"{len(listed) + 1} routes" in text
    assert all(f" {one.path} " in text for one in routes())

    assert ("GET", "/api/v1/nothing") not in listed
    with up(tmp_path) as served:
        for method in ("GET", "POST"):
            answer = served.http.request(method, "/api/v1/nothing")
            assert answer.status_code == 404
            assert set(answer.json()) == {"code", "message", "details", "request_id"}
            assert answer.json()["code"] == "not_found"
