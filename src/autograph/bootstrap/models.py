"""Puts together what an installation has set about models."""

from __future__ import annotations

from pathlib import Path

from autograph.blocks.models.shelf import ModelShelf
from autograph.blocks.sdk import Json
from autograph.infra.errors import Invalid
from autograph.infra.json import decode
from autograph.infra.settings import Settings


def make_shelf(settings: Settings) -> ModelShelf:
    """Return where models are asked here, and on whose account.

    Raises:
        Invalid: The demo script cannot be read.
    """
    return ModelShelf(
        urls=settings.model_urls,
        keys={name: key.get_secret_value() for name, key in settings.model_keys.items()},
        only_demo=settings.demo_models,
        script=() if settings.demo_script is None else _script(settings.demo_script.expanduser()),
    )


def _script(path: Path) -> list[dict[str, Json]]:
    from autograph.blocks.models.demo import read_script  # noqa: PLC0415 - only where one is set
    from autograph.blocks.sdk.models import ModelError  # noqa: PLC0415 - the same

    try:
        found: Json = decode(path.read_bytes())
        return [dict(one) for one in read_script(found)]
    except (OSError, Invalid) as error:
        raise Invalid(
            f"{path} cannot be read: {error} (setting: AUTOGRAPH_DEMO_SCRIPT)."
        ) from error
    except ModelError as error:
        raise Invalid(f"{path}: {error.message} (setting: AUTOGRAPH_DEMO_SCRIPT)") from error
