"""The table of the comparison: medians, spreads, and who is ahead."""

from __future__ import annotations

from benchmarks.peers.table import markdown, summary

ROUNDS = {
    "autograph": [
        {
            "version": "1",
            "settings": "own",
            "chain": {"alone_ms": ms, "rate": 100.0},
            "peak_mib": 50,
        }
        for ms in (1.0, 3.0, 2.0)
    ],
    "slower": [
        {"version": "2", "chain": {"alone_ms": 20.0, "rate": 10.0}, "peak_mib": 25},
        {"failure": "it broke"},
    ],
    "absent": [{"failure": "it could not be installed"}],
}


def test_ratios_say_how_many_times_as_good_we_are() -> None:
    (_, _, alone), (_, _, rate), *_, (_, _, memory) = summary(ROUNDS).lines
    assert (alone["autograph"].value, alone["autograph"].low, alone["autograph"].high) == (2, 1, 3)
    assert alone["slower"].ratio == 10
    assert rate["slower"].ratio == 10
    assert memory["slower"].ratio == 0.5


def test_what_could_not_be_measured_is_told() -> None:
    text = markdown(summary(ROUNDS))
    assert "absent, 10-node chain, one run alone: it could not be installed" in text
    assert (
        "| 10-node chain, one run alone | 2.0 ms (1.0-3.0) | 20.0 ms (20.0-20.0) · **10.0 x** | — |"
        in text
    )
