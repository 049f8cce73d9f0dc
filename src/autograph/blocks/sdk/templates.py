"""Text templates that people write: Jinja2 in its sandbox, with every way to run away closed.

A template sees the values it is given and nothing else: no attribute that begins with an underscore, no
file, no import. It may go round loops and macros `MAX_STEPS` times in all, and make `MAX_OUTPUT`
characters; whatever could make more of either at one stroke is checked before it is done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from jinja2 import Template, TemplateError, nodes
from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from autograph.blocks.sdk.fields import Json

MAX_STEPS: Final = 100_000
MAX_OUTPUT: Final = 1_048_576
MAX_TEMPLATE: Final = 262_144
_MAX_RANGE: Final = 10_000
_MAX_BITS: Final = 4_096
_TICK: Final = "_autograph_tick"
_REMOVED_FILTERS: Final = ("pprint", "tojson", "urlize", "xmlattr", "random")
_WIDE: Final = re.compile(r"\d{5,}|\*")
_NESTED: Final = re.compile(r"\{[^{}]*\{")


class TemplateFault(Exception):
    """The template is wrong, or wants too much."""


def render(source: str, values: Mapping[str, Json], *, escape_html: bool = False) -> str:
    """Fill a template in.

    Args:
        source: The template; one newline at its end is dropped.
        values: What it may name.
        escape_html: Whether values are made safe to stand in HTML.

    Raises:
        TemplateFault: The template is wrong, or wants too much; the message says what.
        TemplateRuntimeError: Never; it becomes a `TemplateFault`.
    """
    if "{" not in source:
        return source.removesuffix("\n")
    steps = 0

    def tick() -> str:
        nonlocal steps
        steps += 1
        if steps > MAX_STEPS:
            raise TemplateRuntimeError(f"it goes round more than {MAX_STEPS} times")
        return ""

    pieces: list[str] = []
    length = 0
    try:
        for piece in _compiled(source, escape_html).generate({**values, _TICK: tick}):
            pieces.append(piece)
            length += len(piece)
            if length > MAX_OUTPUT:
                raise TemplateRuntimeError(f"it makes more than {MAX_OUTPUT} characters")
    except RecursionError as error:
        raise TemplateFault("it calls itself too deeply") from error
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise TemplateFault(str(error)) from error
    return "".join(pieces)


@lru_cache(maxsize=512)
def _compiled(source: str, escape_html: bool) -> Template:  # noqa: FBT001 - part of the cache's key
    if len(source) > MAX_TEMPLATE:
        raise TemplateRuntimeError(f"it is longer than {MAX_TEMPLATE} characters")
    environment = _ENVIRONMENTS[escape_html]
    tree = environment.parse(source)
    for loop in tree.find_all((nodes.For, nodes.Macro, nodes.CallBlock)):
        loop.body.insert(
            0, nodes.Output([nodes.Call(nodes.Name(_TICK, "load"), [], [], None, None)], lineno=1)
        )
    code = environment.compile(tree)
    return Template.from_code(environment, code, _globals_of(environment))


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, with limits on what one operation or call may make."""

    intercepted_binops = frozenset(("*", "**", "%", "+", "//", "/"))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Do arithmetic that stays small.

        Raises:
            SecurityError: It would not.
        """
        if (
            operator == "**"
            and _bits(left) * max(abs(right) if isinstance(right, int) else 1, 1) > _MAX_BITS
        ):
            raise SecurityError("it raises a number too high")
        if operator == "*":
            _check_product(left, right)
        if operator == "%" and isinstance(left, str):
            _check_format(left)
        return super().call_binop(context, operator, left, right)

    def wrap_str_format(self, value: Any) -> Any:
        """Hand out `str.format` for texts that ask for nothing wide.

        Raises:
            SecurityError: This one does.
        """
        owner = getattr(value, "__self__", None)
        if isinstance(owner, str) and getattr(value, "__name__", "") in {"format", "format_map"}:
            _check_format(owner)
            if _NESTED.search(owner):
                raise SecurityError("it computes a width inside a format")
        return super().wrap_str_format(value)

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - Jinja's names
        """Call what the sandbox allows, when what it makes stays small.

        Raises:
            SecurityError: It would not.
        """
        owner = getattr(__obj, "__self__", None)
        if isinstance(owner, str):
            _check_text_method(owner, getattr(__obj, "__name__", ""), args)
        return super().call(__context, __obj, *args, **kwargs)


def _bits(number: Any) -> int:
    return number.bit_length() if isinstance(number, int) else 64


def _check_product(left: Any, right: Any) -> None:
    for one, other in ((left, right), (right, left)):
        if isinstance(other, int) and hasattr(one, "__len__") and len(one) * other > MAX_OUTPUT:
            raise SecurityError("it repeats something too often")
    if isinstance(left, int) and isinstance(right, int) and _bits(left) + _bits(right) > _MAX_BITS:
        raise SecurityError("it makes a number too large")


def _check_format(text: str) -> None:
    if _WIDE.search(text):
        raise SecurityError("it asks for a width of more than four digits")


def _check_text_method(text: str, name: str, args: tuple[Any, ...]) -> None:
    if any(isinstance(one, int) and one > MAX_OUTPUT for one in args):
        raise SecurityError(f"it asks {name}() for too much")
    if name == "replace" and args and isinstance(args[0], str) and len(args) > 1:
        count = text.count(args[0]) if args[0] else len(text) + 1
        if count * len(str(args[1])) > MAX_OUTPUT:
            raise SecurityError("it replaces too much")
    if name == "join" and len(text) > _MAX_RANGE:
        raise SecurityError("it joins with too long a text")


def _range(*args: int) -> range:
    found = range(*args)
    if len(found) > _MAX_RANGE:
        raise TemplateRuntimeError(f"a range has more than {_MAX_RANGE} numbers")
    return found


def _format(value: Any, *args: Any, **kwargs: Any) -> str:
    """Format both ways round: `'%.2f'|format(x)`, as Jinja2 has it, and `x|format('%.2f')`, as AutoGPT has it."""
    pattern, rest = value, args
    if (
        len(args) == 1
        and isinstance(args[0], str)
        and not (isinstance(value, str) and "%" in value)
    ):
        pattern, rest = args[0], (value,)
    _check_format(str(pattern))
    return str(pattern) % (kwargs or rest)


def _limited(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def limited(value: Any, width: Any = 80, *args: Any, **kwargs: Any) -> Any:
        if isinstance(width, int) and width > _MAX_RANGE:
            raise SecurityError(f"it asks {name} for more than {_MAX_RANGE}")
        return function(value, width, *args, **kwargs)

    return limited


def _globals_of(environment: _Environment) -> dict[str, Any]:
    names: dict[str, Any] = vars(environment)["globals"]
    return names


def _environment(*, escape_html: bool) -> _Environment:
    environment = _Environment(autoescape=escape_html)
    names = _globals_of(environment)
    names.clear()
    names["range"] = _range
    filters: dict[str, Any] = vars(environment)["filters"]
    for name in _REMOVED_FILTERS:
        filters.pop(name, None)
    filters["format"] = _format
    for name in ("center", "indent"):
        filters[name] = _limited(name, filters[name])
    return environment


_ENVIRONMENTS: Final = {
    True: _environment(escape_html=True),
    False: _environment(escape_html=False),
}
