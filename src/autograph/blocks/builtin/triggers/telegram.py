"""Triggers for what people write to a bot on Telegram."""

from __future__ import annotations

from typing import Final

from autograph.blocks.builtin.triggers.events import (
    Choice,
    Entries,
    brought,
    events_pin,
    part,
    payload_pin,
    text,
)
from autograph.blocks.sdk import (
    Block,
    BlockInput,
    BlockKind,
    BlockOutput,
    Category,
    Context,
    CredentialRef,
    Effect,
    Example,
    Json,
    Outputs,
    TriggerSpec,
    credential_pin,
    is_list,
    is_object,
    pin,
)

_CREDENTIALS: Final = {"id": "c", "provider": "telegram", "type": "api_key"}
_FILES: Final = ("voice", "audio", "document", "video")


class TelegramTriggerInput(BlockInput):
    """Which bot."""

    credentials: CredentialRef = credential_pin(
        "telegram", kinds=["api_key"], description="The bot, by the token that BotFather gave."
    )
    payload: Entries = payload_pin()


class TelegramMessageTriggerInput(TelegramTriggerInput):
    """Which messages."""

    events: Choice = events_pin(
        "text", "photo", "voice", "audio", "document", "video", "edited_message"
    )


class TelegramMessageTriggerOutput(BlockOutput):
    """A message."""

    payload: Entries = pin(description="The whole update, as Telegram describes it.")
    chat_id: int = pin(description="The chat; answer there.")
    message_id: int = pin(description="The message.")
    user_id: int = pin(description="Who wrote it.")
    username: str = pin(description="Their name with an @, if they have one.")
    first_name: str = pin(description="What they are called.")
    event: str = pin(description="What it is: `text`, `photo`, `voice`, …")
    text: str = pin(description="What they wrote; for files the caption.")
    photo_file_id: str = pin(description="The largest size of a photo.")
    voice_file_id: str = pin(description="A voice message.")
    audio_file_id: str = pin(description="A piece of music.")
    file_id: str = pin(description="A document or a video.")
    file_name: str = pin(description="What that file is called.")
    caption: str = pin(description="What was written under a photo or file.")
    is_edited: bool = pin(description="The message was changed after it was sent.")


class TelegramMessageTrigger(Block[TelegramMessageTriggerInput]):
    """Starts an agent by a message to a bot."""

    id = "4435e4e0-df6e-4301-8f35-ad70b12fc9ec"
    name = "TelegramMessageTrigger"
    description = "Starts the agent when somebody writes to a bot, or changes what they wrote."
    categories = (Category.SOCIAL,)
    kind = BlockKind.WEBHOOK
    effect = Effect.PURE
    trigger = TriggerSpec("telegram", "bot", "bot", "events", "message.{event}")
    Input = TelegramMessageTriggerInput
    Output = TelegramMessageTriggerOutput
    examples = (
        Example(
            {
                "credentials": _CREDENTIALS,
                "events": {"text": True},
                "payload": {
                    "message": {
                        "message_id": 3,
                        "chat": {"id": 1},
                        "from": {"id": 2, "first_name": "Ada"},
                        "text": "Hi",
                    }
                },
            },
            [
                (
                    "payload",
                    {
                        "message": {
                            "message_id": 3,
                            "chat": {"id": 1},
                            "from": {"id": 2, "first_name": "Ada"},
                            "text": "Hi",
                        }
                    },
                ),
                ("chat_id", 1),
                ("message_id", 3),
                ("user_id", 2),
                ("username", ""),
                ("first_name", "Ada"),
                ("is_edited", False),
                ("event", "text"),
                ("text", "Hi"),
            ],
        ),
    )

    async def run(self, input: TelegramMessageTriggerInput, ctx: Context) -> Outputs:
        """Yield the message."""
        payload = brought(input.payload, self.name)
        is_edited = "edited_message" in payload
        message = part(payload, "edited_message" if is_edited else "message")
        sender = part(message, "from")
        yield "payload", payload
        yield "chat_id", part(message, "chat").get("id", 0)
        yield "message_id", message.get("message_id", 0)
        yield "user_id", sender.get("id", 0)
        yield "username", text(sender, "username")
        yield "first_name", text(sender, "first_name")
        yield "is_edited", is_edited
        for name, value in _content(message):
            yield name, value


def _content(message: Entries) -> list[tuple[str, Json]]:
    """Return what a message holds: a text, a photo or a file."""
    caption = text(message, "caption")
    captioned: list[tuple[str, Json]] = [("text", caption), ("caption", caption)]
    sizes = message.get("photo")
    if is_list(sizes) and sizes:
        largest: Entries = dict(sizes[-1]) if is_object(sizes[-1]) else {}
        return [("event", "photo"), ("photo_file_id", text(largest, "file_id")), *captioned]
    for kind in _FILES:
        found = part(message, kind)
        if found:
            pin_name = f"{kind}_file_id" if kind in {"voice", "audio"} else "file_id"
            named = [("file_name", text(found, "file_name"))] if "file_name" in found else []
            return [("event", kind), (pin_name, text(found, "file_id")), *named, *captioned]
    return [("event", "text"), ("text", text(message, "text"))]


class TelegramMessageReactionTriggerOutput(BlockOutput):
    """A reaction."""

    payload: Entries = pin(description="The whole update, as Telegram describes it.")
    chat_id: int = pin(description="The chat.")
    message_id: int = pin(description="The message they reacted to.")
    user_id: int = pin(description="Who reacted; 0 where they are not told.")
    username: str = pin(description="Their name with an @, if they have one.")
    new_reactions: list[Json] = pin(description="What they think of it now.")
    old_reactions: list[Json] = pin(description="What they thought of it before.")


class TelegramMessageReactionTrigger(Block[TelegramTriggerInput]):
    """Starts an agent by a reaction to a message."""

    id = "82525328-9368-4966-8f0c-cd78e80181fd"
    name = "TelegramMessageReactionTrigger"
    description = (
        "Starts the agent when somebody reacts to a message; in groups the bot must administer."
    )
    categories = (Category.SOCIAL,)
    kind = BlockKind.WEBHOOK
    effect = Effect.PURE
    trigger = TriggerSpec("telegram", "bot", "bot", event="message_reaction")
    Input = TelegramTriggerInput
    Output = TelegramMessageReactionTriggerOutput
    examples = (
        Example(
            {
                "credentials": _CREDENTIALS,
                "payload": {"message_reaction": {"chat": {"id": 1}, "message_id": 3}},
            },
            [
                ("payload", {"message_reaction": {"chat": {"id": 1}, "message_id": 3}}),
                ("chat_id", 1),
                ("message_id", 3),
                ("user_id", 0),
                ("username", ""),
                ("new_reactions", []),
                ("old_reactions", []),
            ],
        ),
    )

    async def run(self, input: TelegramTriggerInput, ctx: Context) -> Outputs:
        """Yield the reaction."""
        payload = brought(input.payload, self.name)
        found = part(payload, "message_reaction")
        yield "payload", payload
        yield "chat_id", part(found, "chat").get("id", 0)
        yield "message_id", found.get("message_id", 0)
        yield "user_id", part(found, "user").get("id", 0)
        yield "username", text(part(found, "user"), "username")
        yield "new_reactions", found.get("new_reaction") or []
        yield "old_reactions", found.get("old_reaction") or []
