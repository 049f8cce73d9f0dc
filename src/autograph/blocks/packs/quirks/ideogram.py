"""What Ideogram's block needs and its pack cannot say: two generations of endpoints, and a picture sent back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.packs.templates import as_text
from autograph.blocks.sdk import BlockError, Outputs
from autograph.blocks.sdk.files import read_stream
from autograph.blocks.sdk.forms import Part
from autograph.graph.model import Json, is_object

_MAX_PICTURE: Final = 25 * 1024 * 1024
_V3_STYLES: Final = frozenset({"AUTO", "GENERAL", "REALISTIC", "DESIGN"})


async def generate(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Draw a picture and, where one asks for it, have it made larger.

    Raises:
        BlockError: The model has no such style or palette, or the picture failed the provider's safety check.
    """
    model = str(pins["ideogram_model_name"])
    if model == "V_3":
        fields = {name: _field(one) for name, one in _third(pins).items()}
        answer = await api.send("POST /v1/ideogram-v3/generate", multipart=fields)
    else:
        answer = await api.send("POST /generate", body={"image_request": _legacy(model, pins)})
    url = _picture(answer.json)
    if pins["upscale"] == "AI Upscale":
        async with api.ctx.files.open(url) as stream:
            content = await read_stream(stream, _MAX_PICTURE)
            said = {"filename": stream.info.name, "type": stream.info.media_type}
        wanted = {"image_request": Part(b"{}", {}), "image_file": Part(content, said)}
        url = _picture((await api.send("POST /upscale", multipart=wanted)).json)
    yield "result", url


def _third(pins: Mapping[str, Json]) -> dict[str, Json]:
    """Return the fields of a request to version 3.

    Raises:
        BlockError: It has no such style.
    """
    if pins["style_type"] not in _V3_STYLES:
        raise BlockError(
            f"style_type: V_3 has no style {pins['style_type']}; V_2 has.", code="block.bad_input"
        )
    said: dict[str, Json] = {
        "prompt": pins["prompt"],
        "aspect_ratio": str(pins["aspect_ratio"]).removeprefix("ASPECT_").replace("_", "x"),
        "magic_prompt": pins["magic_prompt_option"],
        "style_type": pins["style_type"],
        "seed": pins.get("seed"),
        "negative_prompt": pins.get("negative_prompt"),
        "color_palette": _palette(pins),
    }
    return {name: one for name, one in said.items() if one not in (None, "")}


def _legacy(model: str, pins: Mapping[str, Json]) -> dict[str, Json]:
    """Return `image_request` as versions 1 and 2 take it.

    Raises:
        BlockError: A style or palette for the first, which has none.
    """
    is_first = model.startswith("V_1")
    palette = _palette(pins)
    if is_first and palette is not None:
        raise BlockError(f"color_palette_name: {model} has no palettes.", code="block.bad_input")
    if is_first and pins["style_type"] != "AUTO":
        raise BlockError(f"style_type: {model} has no styles.", code="block.bad_input")
    said: dict[str, Json] = {
        "prompt": pins["prompt"],
        "model": model,
        "aspect_ratio": pins["aspect_ratio"],
        "magic_prompt_option": pins["magic_prompt_option"],
        "style_type": None if is_first else pins["style_type"],
        "seed": pins.get("seed"),
        "negative_prompt": pins.get("negative_prompt"),
        "color_palette": palette,
    }
    return {name: one for name, one in said.items() if one not in (None, "")}


def _palette(pins: Mapping[str, Json]) -> Json:
    colours: list[Json] = pins.get("custom_color_palette") or []
    if colours:
        return {"members": [{"color_hex": one} for one in colours]}
    name = pins["color_palette_name"]
    return None if name == "NONE" else {"name": name}


def _field(value: Json) -> Part:
    """Return a field of a form; one that is an object is JSON there."""
    return Part(as_text(value).encode(), {"type": "application/json"} if is_object(value) else {})


def _picture(answer: Json) -> str:
    """Return where the picture is.

    Raises:
        BlockError: None was made.
    """
    for one in answer["data"]:
        if one.get("url"):
            return str(one["url"])
    raise BlockError(
        "Ideogram made no picture: it failed the safety check.", code="provider.rejected"
    )


ACTIONS: Final[Mapping[str, Whole]] = {"generate": generate}
