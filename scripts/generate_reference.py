"""Write `docs/reference/` and the indexes of blocks and packs from the code (`make docs`), or tell what is out of step (`--check`).

Every page is made from what it describes: blocks from the catalogue, settings from their model, errors
from their classes, the command from itself, the API from its routes.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import typer.main

import autograph
from autograph.api.app import create_app
from autograph.api.errors import status_of
from autograph.blocks.catalog import AnyBlock, load_catalog
from autograph.blocks.catalog import write_index as write_blocks
from autograph.blocks.packs.shelf import write_index as write_packs
from autograph.cli.main import app
from autograph.graph.report import Code
from autograph.infra.errors import AutographError
from autograph.infra.settings import Settings

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
KNOWN_BLOCKS = Path(__file__).parents[1] / "tests" / "fixtures" / "known-blocks.jsonl"
REASONS = Path(__file__).with_name("missing-blocks.toml")
MISSING = "## Blocks that are not here"
MADE = "<!-- Made by `make docs`; edit the code it describes. -->\n\n"


def blocks() -> str:
    """The blocks: what each takes, gives and does, with an example."""
    catalog = load_catalog()
    lines = [f"# Blocks\n\n{len(catalog)} blocks ship with Autograph.\n"]
    for block in catalog:
        lines.append(_block(block))
    return MADE + "\n".join(lines)


def _block(block: AnyBlock) -> str:
    spec = block.spec()
    lines = [f"## {spec.name}\n", f"{spec.description}\n"]
    facts = [f"id `{spec.id}`", f"effect `{spec.effect.value}`", f"kind `{spec.kind.value}`"]
    facts += ["static output"] if spec.static_output else []
    facts += ["asks before it runs where a person wants that"] if spec.is_sensitive else []
    lines.append(" · ".join(facts) + "\n")
    for title, schema in (("Input", spec.input_schema), ("Output", spec.output_schema)):
        pins = schema.get("properties", {})
        if pins:
            lines += [f"| {title} | Type | |", "|---|---|---|"]
            required = schema.get("required", ()) if title == "Input" else ()
            lines += [
                f"| `{name}`{' *' if name in required else ''} | {_type(pin)} | {_cell(pin.get('description', ''))} |"
                for name, pin in pins.items()
            ]
            lines.append("")
    for example in block.examples:
        outcome = ", ".join(f"{name} = {_json(value)}" for name, value in example.outputs)
        if example.error:
            outcome = "; ".join(filter(None, (outcome, f"fails: … {example.error} …")))
        lines.append(f"- `{_json(dict(example.input))}` → `{outcome or 'nothing'}`")
    return "\n".join(lines) + "\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=lambda _: "…").replace("`", "'")


def _type(pin: Mapping[str, Any]) -> str:
    if "enum" in pin:
        return ", ".join(f"`{one}`" for one in pin["enum"])
    if "anyOf" in pin:
        return " or ".join(_type(one) for one in pin["anyOf"])
    kind = str(pin.get("type", "any"))
    return f"list of {_type(pin['items'])}" if kind == "array" and pin.get("items") else kind


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "\\n")


def settings() -> str:
    """The settings."""
    lines = [
        "# Settings\n",
        "Each is an environment variable; nothing else is read.\n",
        "| Variable | Default | |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = "`~/.local/share/autograph`" if name == "data_dir" else f"`{field.default}`"
        lines.append(
            f"| `AUTOGRAPH_{name.upper()}` | {default} | {_cell(field.description or '')} |"
        )
    return MADE + "\n".join(lines) + "\n"


def errors() -> str:
    """The codes of errors, on every door the same."""
    for module in pkgutil.walk_packages(autograph.__path__, "autograph."):
        if module.name != "autograph.infra.migrations.env":
            importlib.import_module(module.name)
    found = {error.code: error for error in _subclasses(AutographError)}
    lines = [
        "# Error codes\n",
        "Every error is `{code, message, details, request_id}`; programs branch on the code.\n",
        "| Code | HTTP | |",
        "|---|---|---|",
    ]
    for code, error in sorted(found.items()):
        summary = (error.__doc__ or "").split("\n")[0]
        lines.append(f"| `{code}` | {status_of(error(''))} | {_cell(summary)} |")
    lines += ["\n## What can be wrong with a graph\n", *(f"- `{code.value}`" for code in Code)]
    return MADE + "\n".join(lines) + "\n"


def _subclasses(root: type[AutographError]) -> Iterator[type[AutographError]]:
    yield root
    for one in root.__subclasses__():
        yield from _subclasses(one)


def command() -> str:
    """The command."""
    lines = [
        "# The `autograph` command\n",
        "Exit codes: 0 it worked (a run: completed) · 1 the run failed, the graph has errors · 2 bad use · "
        "3 the platform cannot be had.\n",
    ]
    lines += _commands(typer.main.get_command(app), "autograph")
    return MADE + "\n".join(lines) + "\n"


def _commands(found: Any, path: str) -> Iterator[str]:
    inner = getattr(found, "commands", None)
    if inner:
        for name, one in inner.items():
            yield from _commands(one, f"{path} {name}")
        return
    given = [one for one in found.params if one.param_type_name == "argument"]
    arguments = " ".join(
        one.name.upper() if one.required else f"[{one.name.upper()}]" for one in given
    )
    yield f"## `{' '.join(filter(None, (path, arguments)))}`\n\n{(found.help or '').strip()}\n"
    for one in found.params:
        if one.param_type_name == "option" and "--help" not in one.opts:
            yield f"- `{', '.join(one.opts)}` {one.help or ''}"
    yield ""


def openapi() -> str:
    """The REST API, as OpenAPI."""
    return json.dumps(create_app(None).openapi(), indent=1, sort_keys=True) + "\n"


def differences() -> str:
    """The page that people write, with the list of blocks that are not there, and why, made anew.

    Raises:
        SystemExit: A missing block has no reason, or another one has.
    """
    written = (REFERENCE / "differences.md").read_text("utf-8").split(MISSING)[0].rstrip()
    known = [json.loads(line) for line in KNOWN_BLOCKS.read_text("utf-8").splitlines()]
    catalog = load_catalog()
    missing = {one["name"] for one in known if catalog.find(one["id"]) is None}
    reasons = tomllib.loads(REASONS.read_text("utf-8"))["reasons"]
    named = [block for one in reasons for block in one["blocks"]]
    if sorted(named) != sorted(missing):
        off = sorted(missing ^ set(named)) or sorted(one for one in missing if named.count(one) > 1)
        raise SystemExit(f"{REASONS.name} names the missing blocks once each; not so: {off}")
    lines = [
        f"{MISSING}\n",
        f"{len(missing)} of the {len(known)} blocks that AutoGPT has are not here; an agent that has one is imported, "
        "and does not run.\n",
        "| blocks | why |",
        "|---|---|",
        *(f"| {', '.join(sorted(one['blocks']))} | {_cell(one['why'])} |" for one in reasons),
    ]
    return f"{written}\n\n" + "\n".join(lines) + "\n"


def index() -> str:
    """The index of the packs, which the catalogue reads in place of the packs."""
    return write_packs()


_WORDS = frozenset({"title", "description", "default", "placeholder", "advanced", "secret"})


def pin_schemas() -> str:
    """Every shape that a pin's schema has in some block, with the first pin that has it: what forms are tested on."""
    shapes: dict[str, tuple[str, Any]] = {}
    for block in load_catalog():
        spec = block.spec()
        for name, schema in spec.input_schema.get("properties", {}).items():
            if "credentials_provider" not in schema:
                shape = _shape(schema)
                key = json.dumps(shape, sort_keys=True)
                shapes.setdefault(key, (f"{spec.name}.{name}", shape))
    rows = [{"pin": pin, "schema": shape} for pin, shape in shapes.values()]
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"


def _shape(schema: Any) -> Any:
    """Return a schema without words, and with one of its choices for all of them."""
    if isinstance(schema, list):
        return [_shape(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    shape: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            shape[key] = {name: _shape(one) for name, one in value.items()}
        elif key == "enum":
            shape[key] = value[:1]
        elif key not in _WORDS or (key == "secret" and value is True):
            shape[key] = _shape(value)
    return shape


PAGES: Mapping[str, Callable[[], str]] = {
    "../../src/autograph/blocks/builtin/index.json": write_blocks,
    "../../tests/fixtures/pin-schemas.json": pin_schemas,
    "../../src/autograph/blocks/packs/index.json": index,
    "blocks.md": blocks,
    "settings.md": settings,
    "errors.md": errors,
    "differences.md": differences,
    "command.md": command,
    "openapi.json": openapi,
}


def main() -> int:
    """Write every page, or compare it with what is there."""
    stale: list[str] = []
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        file, text = REFERENCE / name, make()
        if "--check" not in sys.argv:
            file.write_text(text)
        elif not file.exists() or file.read_text() != text:
            stale.append(name)
    if stale:
        print(f"docs/reference is out of step with the code: {', '.join(stale)}. Run `make docs`.")
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())
