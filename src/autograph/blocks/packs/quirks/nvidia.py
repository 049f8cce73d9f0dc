"""What NVIDIA's block needs and its pack cannot say: the likeliest of several faces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from autograph.blocks.packs.quirks import Api, Whole
from autograph.blocks.sdk import Outputs
from autograph.graph.model import Json

_ADDRESS: Final = "https://ai.api.nvidia.com/v1/cv/hive/deepfake-image-detection"


async def deepfake(pins: Mapping[str, Json], api: Api) -> Outputs:
    """Tell how likely a face in a picture is made up; 0 where there is none."""
    body = {"input": [f"data:image/png;base64,{pins['image_base64']}"]}
    found: Mapping[str, Any] = (await api.send(f"POST {_ADDRESS}", body=body)).json["data"][0]
    faces: list[Any] = found.get("bounding_boxes") or []
    yield "status", str(found.get("status", "UNKNOWN"))
    if pins.get("return_image") and found.get("image"):
        yield "image", found["image"]
    yield "is_deepfake", max((float(one.get("is_deepfake") or 0) for one in faces), default=0.0)


ACTIONS: Final[Mapping[str, Whole]] = {"deepfake": deepfake}
