"""What is wrong with a pack beyond its form: names that lead nowhere, facts without a source, nothing recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from autograph.blocks.packs.action import block_of, kinds_of
from autograph.blocks.packs.filters import filters_of
from autograph.blocks.packs.format import Action, Call, Pack, Step, read
from autograph.blocks.packs.pins import BadNotation
from autograph.blocks.packs.quirks import actions as quirk_actions
from autograph.blocks.packs.quirks import lookups
from autograph.blocks.packs.selectors import parse
from autograph.blocks.packs.templates import expressions, split
from autograph.blocks.sdk import Effect
from autograph.infra.errors import AutographError

_NAME: Final = re.compile(r"[A-Z][A-Za-z0-9]*")
_PIN: Final = re.compile(r"[a-z][a-z0-9_]*", re.IGNORECASE)
_LIMIT: Final = 36


def lint(path: Path) -> list[str]:
    """Return what is wrong with a pack's file, in sentences that name the action and the key."""
    try:
        pack = read(path)
    except AutographError as error:
        return [error.message]
    problems = [
        f"{path.name}: {action.name}: {problem}"
        for action in pack.actions.values()
        for problem in _problems(pack, action)
    ]
    names = [action.name for action in pack.actions.values()]
    problems += [
        f"{path.name}: {name}: is there twice."
        for name in sorted({one for one in names if names.count(one) > 1})
    ]
    recordings = path.parent / "recordings" / f"{pack.id}.json"
    recorded = (
        set(json.loads(recordings.read_text("utf-8"))) - {"auth"}
        if recordings.exists()
        else set[str]()
    )
    problems += [
        f"{recordings.name}: {name}: there is no such action."
        for name in sorted(recorded - set(names))
    ]
    return problems


def _problems(pack: Pack, action: Action) -> Iterator[str]:
    yield from _words(action)
    yield from _credentials(pack, action)
    yield from _templates(pack, action)
    yield from _selectors(pack, action)
    try:
        block = block_of(pack, action)
    except BadNotation as error:
        yield error.message
        return
    examples = block.examples
    if not examples:
        yield f"recordings/{pack.id}.json has no recording of it."
    elif not any(one.outputs for one in examples) and action.output:
        yield "no recording shows what it gives out."
    for name, pin in action.input.items():
        if (
            pin.default is not None
            and name in block.coercers
            and pin.default != block.coercers[name](pin.default)
        ):
            yield f"input.{name}: the default is of another type."


def _words(action: Action) -> Iterator[str]:
    if not 0 < len(action.id) <= _LIMIT:
        yield f"id: at most {_LIMIT} characters."
    if not _NAME.fullmatch(action.name):
        yield "name: write it in CamelCase, without spaces."
    if not action.categories:
        yield "categories: name one at least, here or in [shared]."
    said = [("description", action.description)]
    said += [(f"input.{name}", pin.description) for name, pin in action.input.items()]
    said += [(f"output.{name}", pin.description) for name, pin in action.output.items()]
    for where, text in said:
        if (not text[:1].isupper() and not text[:1].islower()) or not text.endswith((".", "…")):
            yield f"{where}: say it in a sentence."
    for name in (*action.input, *action.output):
        if not _PIN.fullmatch(name):
            yield f"{name}: a pin's name is letters, digits and underscores."
    for name in {"credentials", "error"} & {*action.input, *action.output}:
        yield f"{name}: this pin is made for you; leave it out."


def _credentials(pack: Pack, action: Action) -> Iterator[str]:
    for kind in kinds_of(pack, action):
        if kind not in pack.provider.auth.kinds:
            yield f"auth: the header has no [auth.{kind}]."
    method = action.request.partition(" ")[0]
    if action.effect in {Effect.PURE, Effect.READ} and method in {"PUT", "PATCH", "DELETE"}:
        yield f"effect: {method} changes something; it is idempotent or effect."
    only_asks = action.effect is Effect.READ and method == "GET"
    if action.poll is not None and action.effect is not Effect.EFFECT and not only_asks:
        yield "effect: work that is begun and waited for is begun again after a wait, unless the effect is effect."
    if action.picked is not None and action.picked not in action.input:
        yield f"picked: there is no input pin {action.picked!r}."
    if action.quirk is not None and action.quirk not in quirk_actions(pack.id):
        yield f"quirk: the quirks of {pack.id} offer no action {action.quirk!r}."
    if action.pages is not None and action.pages.by == "cursor" and action.pages.next is None:
        yield "pages.next: say where the answer has the next mark."


def _templates(pack: Pack, action: Action) -> Iterator[str]:
    known = filters_of(pack.id)
    names = {*action.input, "$"}
    used: set[str] = set()
    places: list[tuple[str, Call, set[str]]] = []
    for step in action.before:
        if isinstance(step, Step):
            places.append((f"before.{step.name}", step, set(names)))
        elif step.quirk not in lookups(pack.id):
            yield f"before.{step.name}: quirks/{pack.id}.py offers no lookup {step.quirk!r}."
        names.add(step.name)
    places.append(("request", action, set(names)))
    if action.poll is not None:
        places += [
            ("poll", Call(request=one), names | {"start"})
            for one in (action.poll.request, action.poll.result)
            if one
        ]
    given = [pin.value for pin in action.output.values()]
    more = [action.pages.limit, action.pages.size] if action.pages else []
    if action.poll is not None:
        more += [action.poll.when, action.poll.every, action.poll.timeout, dict(action.poll.until)]
    whens = [step.when for step in action.before if isinstance(step, Step)]
    for where, call, allowed in places:
        parts = [
            call.request,
            dict(call.query),
            dict(call.headers),
            call.body,
            call.form,
            call.multipart,
            call.raw,
            dict(call.variables),
        ]
        yield from _unknown(where, parts, allowed, set(known), used)
    yield from _unknown(
        "output", [*given, *more, *whens], names | {"start", "poll"}, set(known), used
    )
    is_plain = all(isinstance(step, Step) for step in action.before)
    if action.quirk is None and is_plain and "$" not in used:
        for name, pin in action.input.items():
            if name not in used and not pin.signal:
                yield f"input.{name}: nothing is made of it."


def _unknown(
    where: str, parts: Sequence[object], allowed: set[str], filters: set[str], used: set[str]
) -> Iterator[str]:
    for part in parts:
        for expression in expressions(part):
            try:
                name, _, named, _ = split(expression)
            except BadNotation as error:
                yield f"{where}: {error.message}"
                continue
            used.add(name)
            if name not in allowed:
                yield f"{where}: {{{expression}}} names no input pin and no step."
            for one in named:
                if one not in filters:
                    yield f"{where}: {{{expression}}}: there is no filter {one!r}."


def _selectors(pack: Pack, action: Action) -> Iterator[str]:
    errors = action.errors or pack.shared.errors
    found = [(f"output.{name}", pin.select or name) for name, pin in action.output.items()]
    found += [
        (f"output.{name}.pick.{key}", one)
        for name, pin in action.output.items()
        for key, one in pin.pick.items()
    ]
    found += [("used", one) for one in action.used.values()]
    found += [("errors", one) for one in (errors.message, *errors.when, *errors.limited) if one]
    if action.pages is not None:
        found += [
            ("pages", one)
            for one in (action.pages.items, action.pages.next, action.pages.more)
            if one
        ]
    if action.poll is not None:
        found += [
            ("poll", one)
            for one in (*action.poll.until, *action.poll.failed, action.poll.message)
            if one
        ]
    for where, selector in found:
        try:
            parse(selector, filters_of(pack.id))
        except BadNotation as error:
            yield f"{where}: {error.message}"
