"""What a template may spend: every way to make or handle much is paid for before it is done.

Jinja2's sandbox closes ways out, not ways to run away: `{% set a = a ~ a %}` forty times is more memory
than there is. So a template is rewritten before it is compiled. Whatever joins, repeats, captures,
slices, compares or collects values goes through a filter of ours that charges the `Budget` of the
rendering; names of these filters hold a space, so that no template can say or replace them. Only
`templates.py` uses this module.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextvars import ContextVar
from functools import wraps
from itertools import chain
from typing import Any, Final, cast

from jinja2 import nodes, pass_context
from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.runtime import Context, Undefined, markup_join, str_join
from jinja2.visitor import NodeTransformer

MAX_STEPS: Final = 100_000
MAX_WORK: Final = 4_000_000
_CALL: Final = 10
_PART: Final = 2  # a part of a loop's or macro's body
_SKIMMED: Final = 8  # characters that a plain text method handles in the time of one unit
_INSIDE: Final = 8  # what it costs to look into a list or dictionary
_ATOMS: Final = frozenset({bool, float, int, type(None)})
_FREE: Final = frozenset(
    {"abs", "attr", "count", "d", "default", "first", "float", "int", "last"}
) | {"length"}
_SHALLOW: Final = frozenset(
    {"batch", "items", "list", "map", "reject", "rejectattr", "reverse", "select", "selectattr"}
) | {"slice", "sum"}
_SORTING: Final = frozenset({"dictsort", "groupby", "sort", "unique"})
_SLOW: Final = frozenset(
    {
        "e",
        "escape",
        "forceescape",
        "format",
        "indent",
        "striptags",
        "title",
        "urlencode",
        "wordwrap",
    }
)


class Budget:
    """What is left of one rendering's steps and work."""

    __slots__ = ("steps", "work")

    def __init__(self) -> None:
        self.steps = MAX_STEPS
        self.work = MAX_WORK

    def step(self) -> None:
        """Pay for going round once.

        Raises:
            TemplateRuntimeError: That was once too often.
        """
        self.steps -= 1
        if self.steps < 0:
            raise TemplateRuntimeError(f"it goes round more than {MAX_STEPS} times")

    def pay(self, work: int) -> None:
        """Pay for handling so many characters or items.

        Raises:
            SecurityError: There is not so much left.
        """
        self.work -= work
        if self.work < 0:
            raise SecurityError(f"it handles more than {MAX_WORK} characters and items")

    def pay_for(self, value: Any, *, per_unit: int = 1) -> None:
        """Pay for handling a value, with everything in it."""
        if isinstance(value, (str, bytes)):
            self.pay(len(value) // per_unit + 1)
        elif isinstance(value, Collection) and not isinstance(value, (range, Undefined)):
            self.pay(self._weight(cast("Collection[Any]", value)))
        else:
            self.pay(_size(value))

    def _weight(self, value: Collection[Any]) -> int:
        total = 0
        waiting: list[Any] = [value]
        while waiting and total <= self.work:
            one = waiting.pop()
            total += _size(one)
            if isinstance(one, (str, bytes, range)) or not isinstance(one, Collection):
                continue
            total += _INSIDE
            if total <= self.work:
                parts: Iterable[Any] = cast("Collection[Any]", one)
                if isinstance(one, Mapping):
                    parts = chain(parts, cast("Mapping[Any, Any]", one).values())
                waiting += [part for part in parts if type(part) not in _ATOMS]
        return total


_BUDGET: Final[ContextVar[Budget]] = ContextVar("template_budget")


def current() -> Budget:
    """Return the budget of the rendering that goes on."""
    return _BUDGET.get()


def open_budget() -> None:
    """Begin a rendering in this thread or task."""
    _BUDGET.set(Budget())


def _size(value: Any) -> int:
    if isinstance(value, int):
        return value.bit_length() // 16 + 1
    if isinstance(value, Collection) and not isinstance(value, Undefined):
        return len(cast("Collection[Any]", value)) + 1
    return 1


def metered(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter or test that pays for what it takes and gives."""
    per_unit = 1 if name in _SLOW else _SKIMMED
    skipped = 1 if hasattr(function, "jinja_pass_arg") else 0  # Jinja2's own context, not a value

    @wraps(function)
    def paying(*args: Any, **kwargs: Any) -> Any:
        budget = _BUDGET.get()
        budget.pay(_CALL)
        if name not in _FREE:
            for one in (*args[skipped:], *kwargs.values()):
                if name in _SHALLOW and not isinstance(one, str):
                    budget.pay(_size(one))
                else:
                    budget.pay_for(one, per_unit=per_unit)
        found = function(*args, **kwargs)
        if isinstance(found, Iterator):
            return _paid(cast("Iterator[Any]", found), budget)
        if name in _SORTING:
            budget.pay(_size(found) * _SKIMMED)
        elif name not in _FREE:
            budget.pay(_size(found) // per_unit + 1)
        return found

    return paying


def _paid(items: Iterator[Any], budget: Budget) -> Iterator[Any]:
    for item in items:
        budget.pay(1)
        yield item


def pay_for_output(value: Any) -> Any:
    """Pay for a value that is about to be written; used as Jinja2's `finalize`."""
    _BUDGET.get().pay_for(value)
    return value


@pass_context
def _step(context: Context, value: Any) -> None:
    _BUDGET.get().step()


@pass_context
def _pay(context: Context, work: int) -> None:
    _BUDGET.get().pay(work)


@pass_context
def _weigh(context: Context, value: Any) -> Any:
    _BUDGET.get().pay_for(value)
    return value


@pass_context
def _skim(context: Context, value: Any) -> Any:
    """Pay for comparing a value, which is quick for a text."""
    _BUDGET.get().pay_for(value, per_unit=64)
    return value


@pass_context
def _concat(context: Context, parts: Iterable[Any]) -> str:
    budget = _BUDGET.get()
    for one in parts:
        budget.pay_for(one)
    return (markup_join if context.eval_ctx.autoescape else str_join)(parts)


STEP: Final = "autograph step"
PAY: Final = "autograph pay"
WEIGH: Final = "autograph weigh"
SKIM: Final = "autograph skim"
CONCAT: Final = "autograph concat"
OWN_FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    STEP: _step,
    PAY: _pay,
    WEIGH: _weigh,
    SKIM: _skim,
    CONCAT: _concat,
}


def rewrite(tree: nodes.Template) -> nodes.Template:
    """Return the tree of a template, changed so that it pays for what it does."""
    return cast("nodes.Template", _Rewriter().visit(tree))


class _Rewriter(NodeTransformer):
    def __init__(self) -> None:
        self._captures = 0

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja2 finds visitors by name
        return self._stepping(node)

    def visit_Block(self, node: nodes.Block) -> nodes.Node:  # noqa: N802
        return self._stepping(node)

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:  # noqa: N802
        return self._capturing(node)

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:  # noqa: N802
        return self._capturing(node)

    def visit_FilterBlock(self, node: nodes.FilterBlock) -> nodes.Node:  # noqa: N802
        return self._capturing(node)

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:  # noqa: N802
        return self._capturing(node)

    def visit_Output(self, node: nodes.Output) -> Any:  # noqa: N802
        """Pay for plain text that is captured; what is written out is counted where it arrives."""
        self.generic_visit(node)
        length = sum(len(one.data) for one in node.nodes if isinstance(one, nodes.TemplateData))
        return [_statement(PAY, length), node] if length and self._captures else node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filter(nodes.List(node.nodes), CONCAT)

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filter(node, WEIGH) if node.items else node

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filter(node, WEIGH) if node.items else node

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filter(node, WEIGH) if node.ctx == "load" and node.items else node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filter(node, WEIGH) if isinstance(node.arg, nodes.Slice) else node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.expr = _skimmed(node.expr)
        for one in node.ops:
            one.expr = _skimmed(one.expr)
        return node

    def _stepping(self, node: Any) -> nodes.Node:
        self.generic_visit(node)
        # Each time round, everything in the body may be done: a body pays for its length.
        length = sum(1 for one in node.body for _ in one.find_all(nodes.Node))
        node.body[:0] = [_statement(STEP, 0), _statement(PAY, length * _PART)]
        return node

    def _capturing(self, node: Any) -> nodes.Node:
        self._captures += 1
        self._stepping(node)
        self._captures -= 1
        return node


def _filter(node: nodes.Expr, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=1)


def _skimmed(node: nodes.Expr) -> nodes.Expr:
    return node if isinstance(node, nodes.Const) else _filter(node, SKIM)


def _statement(name: str, value: int) -> nodes.ExprStmt:
    return nodes.ExprStmt(_filter(nodes.Const(value, lineno=1), name), lineno=1)
