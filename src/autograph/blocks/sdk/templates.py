"""Text templates that people write: Jinja2 in its sandbox, with every way to run away closed.

A template sees the values it is given and nothing else: no attribute that begins with an underscore, no
file, no import. It may go round loops and macros `MAX_STEPS` times in all, handle `MAX_WORK` characters
and items, and make `MAX_OUTPUT` characters; whatever could take more at one stroke is paid for before it
is done (`template_budget.py`). Limits are counted, not timed: a template does the same on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, wraps
from typing import Any, Final, cast

from jinja2 import Template, TemplateError, nodes, pass_environment, pass_eval_context
from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.nodes import EvalContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from autograph.blocks.sdk.fields import Json
from autograph.blocks.sdk.template_budget import (
    OWN_FILTERS,
    current,
    metered,
    open_budget,
    pay_for_output,
    rewrite,
)

MAX_OUTPUT: Final = 1_048_576
MAX_TEMPLATE: Final = 262_144
_MAX_RANGE: Final = 10_000
_MAX_BITS: Final = 4_096
_MAX_PRECISION: Final = 100
_MAX_PARTS: Final = 20_000
_RECKONING: Final = 10
_REMOVED_FILTERS: Final = ("pprint", "tojson", "urlize", "xmlattr", "random")
_COMPARING_TESTS: Final = frozenset(
    {"!=", "<", "<=", "==", ">", ">=", "eq", "equalto", "ge", "greaterthan", "gt", "in", "le"}
) | {"lessthan", "lower", "lt", "ne", "upper"}
_PADDING_METHODS: Final = frozenset({"center", "ljust", "rjust", "zfill"})
_CLOSED_METHODS: Final = frozenset({"encode", "expandtabs", "maketrans", "translate"})
_NUMBER_METHODS: Final = frozenset(
    {"as_integer_ratio", "bit_count", "bit_length", "conjugate", "hex", "is_integer"}
)
_FREE_METHODS: Final = frozenset({"get", "items", "keys", "values"})
_WIDE: Final = re.compile(r"\d{5,}|\*")
_WIDTH: Final = re.compile(r"\d+")
_NESTED: Final = re.compile(r"\{[^{}]*\{")


_FAULTS: Final = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What a filter raises when it is given something it cannot work on."""


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
    open_budget()
    pieces: list[str] = []
    length = 0
    try:
        for piece in _compiled(source, escape_html).generate(values):
            pieces.append(piece)
            length += len(piece)
            if length > MAX_OUTPUT:
                raise TemplateRuntimeError(f"it makes more than {MAX_OUTPUT} characters")
    except RecursionError as error:
        raise TemplateFault("it calls itself too deeply") from error
    except SyntaxError as error:  # Python allows twenty blocks inside each other
        raise TemplateFault("its loops and conditions are nested too deeply") from error
    except (TemplateError, *_FAULTS) as error:
        raise TemplateFault(str(error)) from error
    return "".join(pieces)


@lru_cache(maxsize=512)
def _compiled(source: str, escape_html: bool) -> Template:  # noqa: FBT001 - part of the cache's key
    if len(source) > MAX_TEMPLATE:
        raise TemplateRuntimeError(f"it is longer than {MAX_TEMPLATE} characters")
    environment = _ENVIRONMENTS[escape_html]
    tree = environment.parse(source)
    if sum(1 for _ in tree.find_all(nodes.Node)) > _MAX_PARTS:
        raise TemplateRuntimeError(f"it has more than {_MAX_PARTS} parts")
    code = environment.compile(rewrite(tree))
    return Template.from_code(environment, code, _globals_of(environment))


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, with limits on what one operation or call may make."""

    intercepted_binops = frozenset(("*", "**", "%", "+", "//", "/"))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Do arithmetic that stays small.

        Raises:
            SecurityError: It would not.
        """
        _check_numbers(left, right)
        current().pay(_RECKONING)
        if operator == "**":
            _check_power(left, right)
        elif operator == "*":
            _check_product(left, right)
        elif operator == "%" and isinstance(left, str):
            _check_format(left, right)
        elif not isinstance(left, (int, float)):
            current().pay_for(left)
            current().pay_for(right)
        return super().call_binop(context, operator, left, right)

    def wrap_str_format(self, value: Any) -> Any:
        """Hand out `str.format` for texts that ask for nothing wide.

        Raises:
            SecurityError: This one does.
        """
        formatted = super().wrap_str_format(value)
        if formatted is None:
            return None
        owner = str(value.__self__)
        if _NESTED.search(owner):
            raise SecurityError("it computes a width inside a format")

        def paying(*args: Any, **kwargs: Any) -> str:
            _check_format(owner, [*args, *kwargs.values()])
            return formatted(*args, **kwargs)

        return paying

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - Jinja's names
        """Call what the sandbox allows, when what it makes stays small.

        Raises:
            SecurityError: It would not.
        """
        owner, name = getattr(__obj, "__self__", None), getattr(__obj, "__name__", "")
        if isinstance(owner, str):
            args = _check_text_method(owner, name, args, kwargs)
        elif isinstance(owner, (int, float, type)) and name not in _NUMBER_METHODS:
            # `to_bytes` makes as much as it is asked for; `from_bytes` a number without a limit.
            raise SecurityError(f"it calls {name}(), which templates cannot")
        elif isinstance(owner, (list, tuple, dict)) and name not in _FREE_METHODS:
            current().pay_for(cast("object", owner))
        return super().call(__context, __obj, *args, **kwargs)


def _bits(number: Any) -> int:
    return number.bit_length() if isinstance(number, int) else 64


def _check_numbers(*numbers: Any) -> None:
    """Refuse long numbers, which take more than their length to divide.

    Raises:
        SecurityError: One of them is too long.
    """
    if any(isinstance(one, int) and one.bit_length() > _MAX_BITS for one in numbers):
        raise SecurityError("it reckons with a number too large")


def _divisible(value: Any, num: Any) -> bool:
    _check_numbers(value, num)
    return value % num == 0


def _check_power(left: Any, right: Any) -> None:
    if _bits(left) * max(abs(right) if isinstance(right, int) else 1, 1) > _MAX_BITS:
        raise SecurityError("it raises a number too high")


def _check_product(left: Any, right: Any) -> None:
    for one, other in ((left, right), (right, left)):
        if isinstance(other, int) and hasattr(one, "__len__"):
            current().pay(len(one) * max(other, 0))
    if isinstance(left, int) and isinstance(right, int) and _bits(left) + _bits(right) > _MAX_BITS:
        raise SecurityError("it makes a number too large")


def _check_format(text: str, values: Any) -> None:
    """Pay for filling a format in: its widths, and all values for each of its places.

    Raises:
        SecurityError: It asks for too wide a place.
    """
    if _WIDE.search(text):
        raise SecurityError("it asks for a width of more than four digits")
    budget = current()
    budget.pay(len(text) + sum(map(int, _WIDTH.findall(text))))
    for _ in range(text.count("%") + text.count("{")):
        budget.pay_for(values)


def _check_text_method(
    text: str, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[Any, ...]:
    """Pay for calling a method of a text; return the arguments to call it with.

    Raises:
        SecurityError: Templates cannot call it.
    """
    if name in _CLOSED_METHODS:
        raise SecurityError(f"it calls {name}(), which templates cannot")
    budget = current()
    budget.pay(len(text) // 4 + 1)
    if name == "join" and args:
        args = (_joinable(args[0], text),)
    elif name == "replace":
        budget.pay(_growth(text, *args[:2], **kwargs))
    elif name in _PADDING_METHODS:
        budget.pay(max((one for one in args if isinstance(one, int)), default=0))
    return args


def _joinable(items: Iterable[Any], delimiter: str) -> list[Any]:
    found = list(items)
    budget = current()
    budget.pay(len(delimiter) * len(found))
    for one in found:
        budget.pay_for(one)
    return found


def _growth(text: str, old: Any = "", new: Any = "", *_: Any, **__: Any) -> int:
    count = text.count(str(old)) if old else len(text) + 1
    return count * len(str(new))


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
    _check_format(str(pattern), [*rest, *kwargs.values()])
    return str(pattern) % (kwargs or rest)


def _limited(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that takes counts and widths, which must stay small."""
    skipped = 2 if hasattr(function, "jinja_pass_arg") else 1  # the value, and Jinja2's own context

    @wraps(function)
    def limited(*args: Any, **kwargs: Any) -> Any:
        for one in (*args[skipped:], *kwargs.values()):
            if isinstance(one, int):
                if abs(one) > _MAX_RANGE:
                    raise SecurityError(f"it asks {name} for more than {_MAX_RANGE}")
                current().pay(abs(one))
        return function(*args, **kwargs)

    return limited


def _careful(filters: Mapping[str, Any]) -> dict[str, Callable[..., Any]]:
    """Return those filters that can make much of little, each paying for what it is about to make."""

    @pass_eval_context
    def join(context: EvalContext, value: Any, d: Any = "", attribute: Any = None) -> Any:
        return filters["join"](context, _joinable(value, str(d)), d, attribute)

    @pass_eval_context
    def replace(context: EvalContext, s: Any, old: Any, new: Any, count: Any = None) -> Any:
        current().pay(_growth(str(s), old, new))
        return filters["replace"](context, s, old, new, count)

    @pass_environment
    def total(environment: Any, iterable: Any, attribute: Any = None, start: Any = 0) -> Any:
        if not isinstance(start, (int, float)):
            raise SecurityError("it sums something other than numbers")
        return filters["sum"](environment, iterable, attribute, start)

    @pass_environment
    def wordwrap(environment: Any, s: Any, *args: Any, **kwargs: Any) -> Any:
        longest = max(
            (len(one) for one in (*args, *kwargs.values()) if isinstance(one, str)), default=1
        )
        current().pay(len(str(s)) * longest)
        return filters["wordwrap"](environment, s, *args, **kwargs)

    def indent(s: Any, width: Any = 4, *args: Any, **kwargs: Any) -> Any:
        margin = width if isinstance(width, int) else len(str(width))
        current().pay(max(margin, 0) * (str(s).count("\n") + 1))
        return filters["indent"](s, width, *args, **kwargs)

    def to_whole(value: Any, default: Any = 0, base: int = 10) -> Any:
        number = filters["int"](value, default, base)
        _check_numbers(number)
        return number

    def to_precision(value: Any, precision: int = 0, method: Any = "common") -> Any:
        if abs(precision) > _MAX_PRECISION:
            raise SecurityError(f"it rounds to more than {_MAX_PRECISION} places")
        return filters["round"](value, precision, method)

    return {
        "batch": _limited("batch", filters["batch"]),
        "center": _limited("center", filters["center"]),
        "format": _format,
        "indent": indent,
        "int": to_whole,
        "join": join,
        "replace": replace,
        "round": to_precision,
        "slice": _limited("slice", filters["slice"]),
        "sum": total,
        "wordwrap": wordwrap,
    }


def _globals_of(environment: _Environment) -> dict[str, Any]:
    names: dict[str, Any] = vars(environment)["globals"]
    return names


def _environment(*, escape_html: bool) -> _Environment:
    environment = _Environment(autoescape=escape_html, finalize=pay_for_output)
    names = _globals_of(environment)
    names.clear()
    names["range"] = _range
    filters: dict[str, Any] = vars(environment)["filters"]
    for name in _REMOVED_FILTERS:
        filters.pop(name)
    filters.update(_careful(dict(filters)))
    filters.update({name: metered(name, one) for name, one in filters.items()})
    filters.update(OWN_FILTERS)
    tests: dict[str, Any] = vars(environment)["tests"]
    tests.update({name: metered(name, tests[name]) for name in _COMPARING_TESTS})
    tests["divisibleby"] = _divisible
    return environment


_ENVIRONMENTS: Final = {
    True: _environment(escape_html=True),
    False: _environment(escape_html=False),
}
