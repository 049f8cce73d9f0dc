"""What the blocks of this family share: their pins, their price, and how they hold a model to JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from autograph.blocks.sdk import (
    BlockError,
    Context,
    Cost,
    CostKind,
    CredentialRef,
    Json,
    Message,
    ModelAnswer,
    ModelError,
    ModelRequest,
    Role,
    count_tokens,
    credential_pin,
    is_object,
    pin,
)
from autograph.blocks.sdk.templates import TemplateFault, render

DEFAULT_MODEL: Final = "gpt-5.2-2025-12-11"
DEFAULT_HOST: Final = "localhost:11434"
PROVIDERS: Final = (
    "aiml_api",
    "anthropic",
    "deepseek",
    "gemini",
    "groq",
    "http",
    "llama_api",
    "mistral",
    "ollama",
    "open_router",
    "openai",
    "v0",
    "xai",
)
COSTS: Final = (Cost(150, CostKind.COST_USD),)
"""What the provider takes, and half of that again; nothing on one's own account."""
_SHOWN: Final = 300
_FENCE: Final = re.compile(r"```(?:json)?\s*\n?(.*?)```", re.DOTALL)
_LEAST_ROOM: Final = 256


def model_pin(*, advanced: bool = False) -> Any:
    """Declare the pin that names a model: any of the catalogue, `provider:model`, or `model@https://host/v1`."""
    return pin(
        DEFAULT_MODEL,
        description="Which model; demo answers offline, without a key.",
        advanced=advanced,
        extra={"x-models": "text"},
    )


def account_pin() -> Any:
    """Declare the pin that names a credential; a model that needs none, or has the installation's, goes without."""
    return credential_pin(
        *PROVIDERS,
        kinds=("api_key", "host_scoped"),
        description="Whose account at the model's provider pays.",
        optional=True,
    )


def host_pin() -> Any:
    """Declare the pin that says where Ollama is."""
    return pin(DEFAULT_HOST, description="Where Ollama runs, for its models only.")


def limit_pin() -> Any:
    """Declare the pin that bounds an answer."""
    return pin(None, description="Most tokens of the answer.", ge=1)


def filled_in(template: str, values: Mapping[str, Json]) -> str:
    """Return a prompt with its values filled in.

    Raises:
        BlockError: The prompt is no template.
    """
    if "{{" not in template and "{%" not in template:
        return template
    try:
        return render(template, values)
    except TemplateFault as error:
        raise BlockError(
            f"The prompt cannot be filled in: {error}.", code="template.fault"
        ) from error


def told(system: str, prompt: str) -> list[Message]:
    """Return how a conversation begins."""
    return [*([Message.system(system)] if system.strip() else []), Message.user(prompt)]


def as_prompt(messages: Sequence[Message]) -> list[dict[str, Json]]:
    """Return what was asked, as the pin `prompt` gives it out."""
    return [one.as_json() for one in messages]


async def ask_for_text(
    ctx: Context,
    request: ModelRequest,
    credentials: CredentialRef | None,
    *,
    pin_name: str,
    tries: int,
) -> ModelAnswer:
    """Ask for a text, shown at a pin while it is made; an empty one is asked for again.

    Raises:
        ModelError: No text came.
    """
    for _ in range(max(1, tries)):
        answer = await ctx.models.ask(request, credentials, on_text=partial(ctx.stream, pin_name))
        if answer.text.strip():
            return answer
        ctx.stream(pin_name, "")
    raise ModelError(f"{request.model} answered nothing.", code="model.bad_answer")


async def ask_for_json(
    ctx: Context,
    request: ModelRequest,
    credentials: CredentialRef | None,
    *,
    tries: int,
    problem: Callable[[dict[str, Json]], str | None],
) -> dict[str, Json]:
    """Ask for an object; one that is not as it should be is asked for again, with what is wrong with it.

    Args:
        ctx: The attempt.
        request: With a schema.
        credentials: Whose account pays.
        tries: How often at most.
        problem: Returns what is wrong with an answer; None where nothing is.

    Raises:
        ModelError: None that is right came; it says what was expected and what came.
    """
    wrong, text = "", ""
    for _ in range(max(1, tries)):
        answer = await ctx.models.ask(request, credentials)
        text = answer.text
        found = _object_in(text)
        said = "it is no JSON object" if found is None else problem(found)
        if found is not None and said is None:
            return found
        wrong = f"{said}; it was cut off at its limit of tokens" if answer.is_cut_off else str(said)
        again = f"That answer cannot be used: {wrong}. Answer again, with the JSON object alone."
        request = replace(
            request,
            messages=[*request.messages, Message.assistant(text or "…"), Message.user(again)],
        )
    came = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    raise ModelError(
        f"{request.model} gave no answer of the expected shape in {max(1, tries)} tries: {wrong}. It said: {came!r}",
        code="model.bad_answer",
    )


def fitted(messages: Sequence[Message], room: int) -> list[Message]:
    """Return messages that fit into so many tokens: of the longest thing said, the middle is left out."""
    room = max(room, _LEAST_ROOM)
    excess = sum(count_tokens(one.text) for one in messages) - room
    if excess <= 0:
        return list(messages)
    spoken = [one for one in messages if one.role is not Role.SYSTEM] or list(messages)
    longest = max(spoken, key=lambda one: count_tokens(one.text))
    tokens = max(count_tokens(longest.text), 1)
    kept = int(len(longest.text) * max(0, tokens - excess - _LEAST_ROOM // 4) / tokens) // 2
    tail = longest.text[-kept:] if kept else ""
    shorter = replace(longest, text=f"{longest.text[:kept]}\n[…]\n{tail}")
    return [shorter if one is longest else one for one in messages]


def _object_in(text: str) -> dict[str, Json] | None:
    """Return the JSON object in an answer, also where words or a fence stand around it."""
    fenced = _FENCE.search(text)
    whole = text.strip()
    inner = text[text.find("{") : text.rfind("}") + 1]
    for candidate in (whole, fenced[1] if fenced else "", inner):
        if candidate.lstrip().startswith("{"):
            try:
                found: Json = json.loads(candidate)
            except (ValueError, RecursionError):
                continue
            if is_object(found):
                return found
    return None
