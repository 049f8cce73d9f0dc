"""What can go wrong with presets."""

from __future__ import annotations

from typing import ClassVar

from autograph.infra.errors import Invalid, NotFound


class PresetNotFound(NotFound):
    """There is no such preset, or it is somebody else's."""

    code: ClassVar[str] = "preset.not_found"


class PresetInvalid(Invalid):
    """Parts of a preset do not fit its agent; `details.errors` has them by name."""

    code: ClassVar[str] = "preset.invalid"
