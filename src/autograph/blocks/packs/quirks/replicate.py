"""What Replicate's blocks need and its pack cannot say: models by the names that people know, and their words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from autograph.blocks.packs.selectors import Filter
from autograph.blocks.packs.templates import PathText
from autograph.blocks.sdk import BlockError
from autograph.graph.model import Json, is_list, is_object
from autograph.infra.json import encode

_FLUX: Final = {
    "Flux Schnell": "black-forest-labs/flux-schnell",
    "Flux Pro": "black-forest-labs/flux-pro",
    "Flux Pro 1.1": "black-forest-labs/flux-1.1-pro",
}
_FLUX_ALL: Final = ("prompt", "seed", "aspect_ratio", "output_format", "output_quality")
_FLUX_MORE: Final[Mapping[str, tuple[str, ...]]] = {
    "Flux Schnell": (),
    "Flux Pro": ("steps", "guidance", "interval", "safety_tolerance"),
    "Flux Pro 1.1": ("safety_tolerance",),
}
_IMAGE: Final = {
    "Flux 1.1 Pro": "black-forest-labs/flux-1.1-pro",
    "Flux 1.1 Pro Ultra": "black-forest-labs/flux-1.1-pro-ultra",
    "Recraft v3": "recraft-ai/recraft-v3",
    "Stable Diffusion 3.5 Medium": "stability-ai/stable-diffusion-3.5-medium",
    "Nano Banana Pro": "google/nano-banana-pro",
    "Nano Banana 2": "google/nano-banana-2",
    "Flux Kontext Pro": "black-forest-labs/flux-kontext-pro",
    "Flux Kontext Max": "black-forest-labs/flux-kontext-max",
}
_RATIOS: Final = {
    "square": "1:1",
    "landscape": "4:3",
    "portrait": "3:4",
    "wide": "16:9",
    "tall": "9:16",
}
_SIZES: Final = {
    "square": "1024x1024",
    "landscape": "1365x1024",
    "portrait": "1024x1365",
    "wide": "1820x1024",
    "tall": "1024x1820",
}


def flux(value: Json) -> Json:
    """Return where a Flux model is."""
    return PathText(_FLUX[str(value)])


def fluxed(value: Json) -> Json:
    """Return what a Flux model is told: not more than it knows."""
    pins: Mapping[str, Any] = value if is_object(value) else {}
    names = [*_FLUX_ALL, *_FLUX_MORE[str(pins["replicate_model_name"])]]
    return {name: pins[name] for name in names if pins.get(name) is not None}


def image(value: Json) -> Json:
    """Return where a model that draws is."""
    return PathText(_IMAGE[str(value)])


def drawn(value: Json) -> Json:
    """Return what a model that draws is told. Only Recraft knows sizes and styles; others read of the style."""
    pins: Mapping[str, Any] = value if is_object(value) else {}
    style = str(pins["style"])
    if pins["model"] == "Recraft v3":
        return {"prompt": pins["prompt"], "size": _SIZES[pins["size"]], "style": style}
    prompt = str(pins["prompt"])
    if style != "any":
        prompt = f"{prompt}, {style.replace('/', ', ').replace('_', ' ')} style"
    return {"prompt": prompt, "aspect_ratio": _RATIOS[pins["size"]]}


def edited(value: Json) -> Json:
    """Return what a model that changes pictures is told; each calls the picture something else."""
    pins: Mapping[str, Any] = value if is_object(value) else {}
    picture, ratio = pins.get("input_image"), pins["aspect_ratio"]
    told: dict[str, Json] = {"prompt": pins["prompt"]}
    if picture or ratio != "match_input_image":
        told["aspect_ratio"] = ratio
    if str(pins["model"]).startswith("Flux"):
        told |= {"input_image": picture, "seed": pins.get("seed")}
    else:
        told["image_input"] = [picture] if picture else None
    return {name: one for name, one in told.items() if one is not None}


def _parts(value: Json) -> tuple[str, str]:
    """Return a model's `owner/name`, and its version.

    Raises:
        BlockError: It is no model's name.
    """
    pins: Mapping[str, Any] = value if is_object(value) else {}
    name, _, version = str(pins["model_name"]).strip().partition(":")
    if name.count("/") != 1 or not all(name.split("/")):
        raise BlockError(
            f"model_name: {name[:100]!r} is no model: write owner/name.", code="block.bad_input"
        )
    return name, str(pins.get("version") or version)


def predictions(value: Json) -> Json:
    """Return where a run of a model is begun: official models have a place of their own."""
    name, version = _parts(value)
    return PathText("predictions" if version else f"models/{name}/predictions")


def version_of(value: Json) -> Json:
    """Return a model's version, where one is named."""
    return _parts(value)[1] or None


def text(value: Json) -> Json:
    """Return what a model made as text: words joined, addresses one a line, everything else as JSON."""
    if isinstance(value, str):
        return value
    if is_list(value) and all(isinstance(one, str) for one in value):
        are_addresses = all(str(one).startswith("http") for one in value)
        return ("\n" if are_addresses else "").join(str(one) for one in value)
    return encode(value).decode()


FILTERS: Final[Mapping[str, Filter]] = {
    "flux": flux,
    "fluxed": fluxed,
    "image": image,
    "drawn": drawn,
    "edited": edited,
    "predictions": predictions,
    "version": version_of,
    "text": text,
}
