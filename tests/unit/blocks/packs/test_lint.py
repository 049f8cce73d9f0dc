"""What is wrong with a pack is said in words that name the place."""

from __future__ import annotations

from pathlib import Path

from autograph.blocks.packs.lint import lint

PACK = """
id = "weather"
name = "Weather"
base_url = "https://api.weather.example"

[auth.api_key]

[[actions]]
id = "6f2b6d0e-6a55-4a0e-8f5e-6c0f4d1b9a10"
name = "WeatherForecast"
description = "Tells what the weather will be."
documentation = "https://weather.example/docs"
categories = ["DATA"]
effect = "read"
request = "GET /forecast"

[actions.input]
begin = {pin}

[actions.output]
days = "array<object> <- days: The days."
"""


def problems(folder: Path, pin: str) -> list[str]:
    path = folder / "weather.toml"
    path.write_text(PACK.replace("{pin}", pin))
    return [one for one in lint(path) if "recording" not in one]


def test_a_pin_of_which_nothing_is_made_is_wrong(tmp_path: Path) -> None:
    assert problems(tmp_path, '"boolean: Says when to begin."') == [
        "weather.toml: WeatherForecast: input.begin: nothing is made of it."
    ]


def test_a_pin_that_only_says_when_to_begin_is_not(tmp_path: Path) -> None:
    pin = '{ type = "boolean", signal = true, description = "Says when to begin." }'

    assert problems(tmp_path, pin) == []
