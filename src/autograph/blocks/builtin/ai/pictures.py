"""Pictures made by models, of words and of other pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from autograph.blocks.builtin.ai.asking import COSTS, account_pin
from autograph.blocks.sdk import (
    ANY,
    Attachment,
    Block,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    CredentialRef,
    Drawing,
    Effect,
    Example,
    Format,
    InputError,
    Outputs,
    Picture,
    pin,
)

References = list[str]

_MAX_BYTES: Final = 50 * 1024 * 1024
_MAX_PICTURES: Final = 16
_SIZE: Final = re.compile(r"[1-9]\d{0,3}x[1-9]\d{0,3}")
_ENDINGS: Final = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
_DOT: Final = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5"
    "ErkJggg=="
)
_FIRST: Final = "file://00000000-0000-0000-0000-000000000001"


def _model_pin() -> Any:
    return pin(
        "gpt-image-1",
        description="Which model; demo-picture draws offline, without a key.",
        extra={"x-models": "picture"},
    )


def _size_pin() -> Any:
    return pin(
        "",
        description="Width and height in pixels; empty: what the model likes. Some models keep to its shape alone.",
        placeholder="1024x1024",
        max_length=9,
    )


def _quality_pin() -> Any:
    return pin(
        "", description="By the model's own word, such as high.", advanced=True, max_length=20
    )


class GenerateImageInput(BlockInput):
    """What is to be seen."""

    prompt: str = pin(description="What is to be seen, in words.", format=Format.LONG_TEXT)
    model: str = _model_pin()
    credentials: CredentialRef | None = account_pin()
    size: str = _size_pin()
    count: int = pin(1, description="How many pictures.", ge=1, le=10)
    quality: str = _quality_pin()


class ImageOutput(BlockOutput):
    """Pictures."""

    image: str = pin(description="A picture, as a file; comes once for each.")
    images: References = pin(description="All of them.")


class GenerateImage(Block[GenerateImageInput]):
    """Pictures made of words."""

    id = "b6b4fd4a-6329-479a-915c-4ff5237e410b"
    name = "GenerateImage"
    description = "Has a model of your choice draw what you say, and keeps the pictures as files."
    categories = (Category.AI, Category.MULTIMEDIA)
    effect = Effect.IDEMPOTENT
    costs = COSTS
    aliases = ("picture", "draw", "text to image")
    Input = GenerateImageInput
    Output = ImageOutput
    examples = (
        Example(
            {"prompt": "A boat.", "model": "demo-picture", "size": "64x32"},
            [("image", _FIRST), ("images", [_FIRST])],
        ),
        Example({"prompt": "A boat.", "model": "gpt-4o"}, error="not for pictures"),
        Example({"prompt": "A boat.", "size": "large"}, error="such as 1024x1024"),
    )

    async def run(self, input: GenerateImageInput, ctx: Context) -> Outputs:
        """Yield the pictures.

        Raises:
            InputError: The prompt is empty, or the size is none.
            BlockError: The model does not answer.
        """
        drawing = Drawing(
            input.model,
            _said(input.prompt),
            input.count,
            _size(input.size),
            input.quality.strip(),
        )
        kept = await _kept(ctx, await ctx.models.draw(drawing, input.credentials))
        for one in kept:
            yield "image", one
        yield "images", kept


class EditImageInput(BlockInput):
    """Pictures, and what is to become of them."""

    images: References = pin(
        description="The pictures: what is to change, and what it is to be made of; at most 16."
    )
    prompt: str = pin(description="What is to be otherwise, in words.", format=Format.LONG_TEXT)
    model: str = _model_pin()
    credentials: CredentialRef | None = account_pin()
    mask: str | None = pin(
        None,
        description="A picture of the size of the first, transparent where that may change. Not for all models.",
        format=Format.FILE,
        advanced=True,
    )
    size: str = _size_pin()
    count: int = pin(1, description="How many pictures.", ge=1, le=10)
    quality: str = _quality_pin()


class EditImage(Block[EditImageInput]):
    """Pictures made of pictures."""

    id = "e3081592-392f-4168-b68e-1fd81f989701"
    name = "EditImage"
    description = "Has a model change a picture, or make one of several, as you say."
    categories = (Category.AI, Category.MULTIMEDIA)
    effect = Effect.IDEMPOTENT
    costs = COSTS
    aliases = ("inpainting", "image to image")
    Input = EditImageInput
    Output = ImageOutput
    examples = (
        Example(
            {"images": [_DOT], "prompt": "Make it blue.", "model": "demo-picture"},
            [("image", ANY), ("images", ANY)],
        ),
        Example(
            {"images": ["data:text/plain,x"], "prompt": "Make it blue.", "model": "demo-picture"},
            error="no picture",
        ),
        Example(
            {"images": [], "prompt": "Make it blue.", "model": "demo-picture"}, error="1 to 16"
        ),
    )

    async def run(self, input: EditImageInput, ctx: Context) -> Outputs:
        """Yield the pictures.

        Raises:
            InputError: There is no picture, there are too many, or one is none.
            BlockError: The model does not answer.
        """
        if not 0 < len(input.images) <= _MAX_PICTURES:
            raise InputError("images", f"expected 1 to {_MAX_PICTURES}, got {len(input.images)}")
        given: list[Attachment] = []
        for one in input.images:
            given.append(await _read(ctx, "images", one, _MAX_BYTES - _size_of(given)))
        mask = None if input.mask is None else await _read(ctx, "mask", input.mask, _MAX_BYTES)
        drawing = Drawing(
            input.model,
            _said(input.prompt),
            input.count,
            _size(input.size),
            input.quality.strip(),
            given,
            mask,
        )
        kept = await _kept(ctx, await ctx.models.draw(drawing, input.credentials))
        for one in kept:
            yield "image", one
        yield "images", kept


def _said(prompt: str) -> str:
    if not prompt.strip():
        raise InputError("prompt", "say what is to be seen.")
    return prompt


def _size(text: str) -> str:
    if text and not _SIZE.fullmatch(text):
        raise InputError("size", "expected width and height in pixels, such as 1024x1024.")
    return text


async def _read(ctx: Context, name: str, reference: str, max_bytes: int) -> Attachment:
    info = await ctx.files.info(reference)
    if not info.media_type.startswith("image/"):
        raise InputError(name, f"this is no picture, but {info.media_type}.")
    content = await ctx.files.read(reference, max_bytes=max_bytes)
    return Attachment(info.name, info.media_type, content)


def _size_of(files: Sequence[Attachment]) -> int:
    return sum(len(one.content) for one in files)


async def _kept(ctx: Context, pictures: Sequence[Picture]) -> References:
    return [
        await ctx.files.write(
            f"picture-{number}.{_ENDINGS.get(one.media_type, 'png')}", one.content, one.media_type
        )
        for number, one in enumerate(pictures, 1)
    ]
