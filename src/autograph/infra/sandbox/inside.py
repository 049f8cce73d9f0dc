"""Run inside the wall, by a Python of its own: takes one job, runs it, says what came of it, ends.

It imports nothing of ours and trusts nothing to be there afterwards: what it says is judged outside.
"""

from __future__ import annotations

import ast
import base64
import importlib
import json
import os
import resource
import stat
import sys
import traceback
from pathlib import Path
from typing import Any

MAX_FILES = 100


def main() -> None:
    """Run the job that comes by standard input."""
    answer = int(sys.argv[1])
    sys.stdout.reconfigure(line_buffering=False)  # type: ignore[union-attr]
    os.write(answer, b"{}\n")  # ready: everything is imported
    job = json.loads(sys.stdin.buffer.readline())
    result: dict[str, Any] = {}
    try:
        _limit(job)
        value, has_value = (_python if job["language"] == "python" else _javascript)(job)
        if has_value:
            result["text"] = value if isinstance(value, str) else repr(value)
            try:
                result["value"] = json.loads(json.dumps(value, allow_nan=False))
            except (TypeError, ValueError, RecursionError):
                result["value"] = result["text"]
    except MemoryError:
        result = {"limit": "memory"}
    except SystemExit as ended:
        if ended.code not in {None, 0}:
            result = {"error": f"It ended itself with {ended.code}."}
    except BaseException as error:  # noqa: BLE001 - a border: whatever the code raises is its own
        result = _told(error)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
        if "limit" not in result:
            result.update(_files(job["file_bytes"]))
        said = json.dumps(result).encode()
    except MemoryError:
        said = b'{"limit": "memory"}'
    with os.fdopen(answer, "wb") as sink:
        sink.write(said + b"\n")
    os._exit(0)


def _limit(job: dict[str, Any]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (job["memory_bytes"], job["memory_bytes"]))
    resource.setrlimit(resource.RLIMIT_CPU, (job["cpu_seconds"], job["cpu_seconds"] + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def _python(job: dict[str, Any]) -> tuple[Any, bool]:
    tree = ast.parse(job["code"], "<code>")
    names: dict[str, Any] = {"__name__": "__main__"}
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<code>", "exec"), names)
    if not isinstance(last, ast.Expr):
        return None, False
    value = eval(compile(ast.Expression(last.value), "<code>", "eval"), names)
    return value, value is not None


def _javascript(job: dict[str, Any]) -> tuple[Any, bool]:
    sys.path.insert(0, "/js")
    quickjs: Any = importlib.import_module("quickjs")

    context = quickjs.Context()
    context.set_memory_limit(job["memory_bytes"] // 2)
    context.add_callable("__print", print)
    context.eval(
        "globalThis.console = {log: (...all) => __print(all.map(one => typeof one === 'string' ? one : "
        "JSON.stringify(one) ?? String(one)).join(' '))};"
    )
    try:
        value = context.eval(job["code"])
        while context.execute_pending_job():
            pass
    except quickjs.JSException as error:
        if "out of memory" in str(error):
            raise MemoryError from error
        raise
    if isinstance(value, quickjs.Object):
        text = value.json()
        value = None if text is None else json.loads(text)
    return value, value is not None


def _told(error: BaseException) -> dict[str, Any]:
    if isinstance(error, OSError) and error.errno == 28:
        return {"limit": "disk"}
    lines = traceback.format_exception(error)
    own = [line for line in lines if "/inside.py" not in line]
    return {"error": "".join(own)[-4_000:].strip()}


def _files(most: int) -> dict[str, Any]:
    found: list[dict[str, str]] = []
    left = most
    for folder, _, names in os.walk("/work"):
        for name in sorted(names):
            path = Path(folder) / name
            about = path.lstat()
            if not stat.S_ISREG(about.st_mode):
                continue
            left -= about.st_size
            if left < 0 or len(found) >= MAX_FILES:
                return {"limit": "files"}
            content = base64.b64encode(path.read_bytes()).decode()
            found.append({"path": str(path.relative_to("/work")), "content": content})
    return {"files": found}


if __name__ == "__main__":
    main()
