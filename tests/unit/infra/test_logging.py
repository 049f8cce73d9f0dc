"""What log lines may hold: never a secret, neither by its key nor by the frame it was in."""

from __future__ import annotations

import pytest
import structlog

from autograph.infra.logging import configure_logging


@pytest.mark.parametrize("style", ["console", "json"])
def test_a_traceback_holds_no_local_variables(
    style: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(password: str) -> None:
        raise ValueError("it does not fit")

    try:
        configure_logging("info", style)
        try:
            fail("-".join(["hunter2", "in", "a", "frame"]))
        except ValueError:
            structlog.get_logger().exception("a request failed", api_key="hunter2-by-its-key")
    finally:
        structlog.reset_defaults()

    told = capsys.readouterr().err
    assert "it does not fit" in told
    assert "in fail" in told
    assert "hunter2-" not in told
