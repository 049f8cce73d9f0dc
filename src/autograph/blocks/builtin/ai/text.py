"""Texts: one answer, a conversation, code, a web search in words."""

from __future__ import annotations

from typing import Literal

from autograph.blocks.builtin.ai.asking import (
    COSTS,
    account_pin,
    as_prompt,
    ask_for_text,
    filled_in,
    host_pin,
    limit_pin,
    model_pin,
    told,
)
from autograph.blocks.sdk import (
    Block,
    BlockError,
    BlockInput,
    BlockOutput,
    Category,
    Context,
    CredentialRef,
    Effect,
    Example,
    Format,
    Json,
    Message,
    ModelRequest,
    Outputs,
    credential_pin,
    pin,
)

Texts = dict[str, str]
Objects = list[dict[str, Json]]
Turns = list[Json]


class AITextGeneratorInput(BlockInput):
    """What to ask."""

    prompt: str = pin(
        description="What to ask; {{ names }} in it are filled in from the prompt values.",
        format=Format.LONG_TEXT,
    )
    model: str = model_pin()
    credentials: CredentialRef | None = account_pin()
    sys_prompt: str = pin("", description="How to answer, for the whole conversation.")
    retry: int = pin(3, description="How often to ask while nothing comes.", ge=1, le=10)
    prompt_values: Texts = pin(
        default_factory=Texts, description="What the prompts may name.", advanced=False
    )
    ollama_host: str = host_pin()
    max_tokens: int | None = limit_pin()


class AITextGeneratorOutput(BlockOutput):
    """The answer."""

    response: str = pin(description="The answer.")
    prompt: Turns = pin(description="What was asked: messages with a role and a content.")


class AITextGenerator(Block[AITextGeneratorInput]):
    """A model's answer to a prompt."""

    id = "1f292d4a-41a4-4977-9684-7c8d560b9f91"
    name = "AITextGenerator"
    description = "Asks a language model and gives out its answer as text."
    categories = (Category.AI,)
    effect = Effect.IDEMPOTENT
    costs = COSTS
    aliases = ("LLM", "chat", "GPT", "Claude", "Gemini")
    Input = AITextGeneratorInput
    Output = AITextGeneratorOutput
    examples = (
        Example(
            {"prompt": "Greet {{ who }}.", "prompt_values": {"who": "Ada"}, "model": "demo"},
            [
                ("response", "Demo answer to: Greet Ada."),
                ("prompt", [{"role": "user", "content": "Greet Ada."}]),
            ],
        ),
        Example({"prompt": "Hi", "model": "gpt-9000"}, error="There is no model"),
    )

    async def run(self, input: AITextGeneratorInput, ctx: Context) -> Outputs:
        """Yield the answer, and what was asked."""
        values = input.prompt_values
        messages = told(filled_in(input.sys_prompt, values), filled_in(input.prompt, values))
        request = ModelRequest(
            input.model, messages, max_tokens=input.max_tokens, address=input.ollama_host
        )
        answer = await ask_for_text(
            ctx, request, input.credentials, pin_name="response", tries=input.retry
        )
        yield "response", answer.text
        yield "prompt", as_prompt(messages)


class AIConversationInput(BlockInput):
    """A conversation so far."""

    prompt: str = pin("", description="What is said next.", format=Format.LONG_TEXT, advanced=False)
    messages: Turns = pin(description="What was said: messages with a role and a content.")
    model: str = model_pin(advanced=True)
    credentials: CredentialRef | None = account_pin()
    max_tokens: int | None = limit_pin()
    ollama_host: str = host_pin()


class AIConversationOutput(BlockOutput):
    """What is said next."""

    response: str = pin(description="What the model says next.")
    prompt: Turns = pin(description="What was asked: messages with a role and a content.")


class AIConversation(Block[AIConversationInput]):
    """The next turn of a conversation."""

    id = "32a87eab-381e-4dd4-bdb8-4c47151be35a"
    name = "AIConversation"
    description = "Carries a conversation with a language model on by one turn."
    categories = (Category.AI,)
    effect = Effect.IDEMPOTENT
    costs = COSTS
    Input = AIConversationInput
    Output = AIConversationOutput
    examples = (
        Example(
            {"messages": [{"role": "user", "content": "Hi"}], "model": "demo"},
            [
                ("response", "Demo answer to: Hi"),
                ("prompt", [{"role": "user", "content": "Hi"}]),
            ],
        ),
        Example({"messages": [], "model": "demo"}, error="nothing to answer"),
    )

    async def run(self, input: AIConversationInput, ctx: Context) -> Outputs:
        """Yield what the model says next.

        Raises:
            BlockError: There is nothing to answer.
        """
        messages = [Message.from_json(one) for one in input.messages]
        if input.prompt.strip():
            messages.append(Message.user(input.prompt))
        if not messages:
            raise BlockError("There is nothing to answer: give messages, or a prompt.")
        request = ModelRequest(
            input.model, messages, max_tokens=input.max_tokens, address=input.ollama_host
        )
        answer = await ask_for_text(ctx, request, input.credentials, pin_name="response", tries=2)
        yield "response", answer.text
        yield "prompt", as_prompt(messages)


class CodeGenerationInput(BlockInput):
    """What to program."""

    prompt: str = pin(description="What to program.", format=Format.LONG_TEXT)
    system_prompt: str = pin(
        "You are Codex, an elite software engineer. Favor concise, working code and highlight important caveats.",
        description="How to go about it.",
    )
    model: str = pin(
        "gpt-5.1-codex",
        description="Which model; demo answers offline, without a key.",
        advanced=False,
        extra={"x-models": "code"},
    )
    reasoning_effort: Literal["none", "low", "medium", "high"] = pin(
        "medium", description="How long it may think."
    )
    max_output_tokens: int | None = pin(2048, description="Most tokens of the answer.", ge=1)
    credentials: CredentialRef | None = credential_pin(
        "openai", kinds=("api_key",), description="Whose account pays.", optional=True
    )


class CodeGenerationOutput(BlockOutput):
    """The code."""

    response: str = pin(description="The code, with what there is to say about it.")
    reasoning: str = pin(description="What the model let be seen of its thinking.")
    response_id: str = pin(description="The provider's name of this answer.")


class CodeGeneration(Block[CodeGenerationInput]):
    """Code by a model."""

    id = "86a2a099-30df-47b4-b7e4-34ae5f83e0d5"
    name = "CodeGeneration"
    description = "Has a coding model write code."
    categories = (Category.AI, Category.DEVELOPER_TOOLS)
    effect = Effect.IDEMPOTENT
    costs = COSTS
    Input = CodeGenerationInput
    Output = CodeGenerationOutput
    examples = (
        Example(
            {"prompt": "Add two numbers.", "model": "demo"},
            [
                ("response", "Demo answer to: Add two numbers."),
                ("reasoning", ""),
                ("response_id", "demo"),
            ],
        ),
    )

    async def run(self, input: CodeGenerationInput, ctx: Context) -> Outputs:
        """Yield the code."""
        request = ModelRequest(
            input.model,
            told(input.system_prompt, input.prompt),
            max_tokens=input.max_output_tokens,
            effort=None if input.reasoning_effort == "none" else input.reasoning_effort,
        )
        answer = await ask_for_text(ctx, request, input.credentials, pin_name="response", tries=1)
        yield "response", answer.text
        yield "reasoning", answer.reasoning
        yield "response_id", answer.answer_id


class PerplexityInput(BlockInput):
    """What to find out."""

    prompt: str = pin(description="What to find out.", format=Format.LONG_TEXT)
    model: str = pin(
        "perplexity/sonar",
        description="Which model; demo answers offline, without a key.",
        advanced=False,
        extra={"x-models": "search"},
    )
    credentials: CredentialRef | None = credential_pin(
        "open_router", kinds=("api_key",), description="Whose account pays.", optional=True
    )
    system_prompt: str = pin("", description="How to answer.")
    max_tokens: int | None = limit_pin()


class PerplexityOutput(BlockOutput):
    """What was found."""

    response: str = pin(description="The answer.")
    annotations: Objects = pin(description="Where it is from: pages with url, title and content.")


class Perplexity(Block[PerplexityInput]):
    """An answer from the web."""

    id = "c8a5f2e9-8b3d-4a7e-9f6c-1d5e3c9b7a4f"
    name = "Perplexity"
    description = "Answers a question from what is on the web now, and says where it is from."
    categories = (Category.AI, Category.SEARCH)
    effect = Effect.IDEMPOTENT
    costs = COSTS
    Input = PerplexityInput
    Output = PerplexityOutput
    examples = (
        Example(
            {"prompt": "What is new?", "model": "demo"},
            [("response", "Demo answer to: What is new?"), ("annotations", [])],
        ),
    )

    async def run(self, input: PerplexityInput, ctx: Context) -> Outputs:
        """Yield the answer and its sources."""
        request = ModelRequest(
            input.model, told(input.system_prompt, input.prompt), max_tokens=input.max_tokens
        )
        answer = await ask_for_text(ctx, request, input.credentials, pin_name="response", tries=2)
        yield "response", answer.text
        yield "annotations", [dict(one) for one in answer.sources]
