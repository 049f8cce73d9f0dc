"""Have the programs that the tests call: RabbitMQ, Redis, Chromium, bubblewrap, ffmpeg and curl, from Debian's packages.

    python scripts/install_servers.py

Does nothing where their programs are found. As root on Debian or Ubuntu it installs what is missing, and
sees to it that no service is left running; elsewhere it names in one line what to install, and fails.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PROGRAMS = {
    "bubblewrap": ("bwrap",),
    "chromium": ("chromium",),
    "curl": ("curl",),
    "ffmpeg": ("ffmpeg", "ffprobe"),
    "fonts-dejavu-core": ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",),
    "redis-server": ("redis-server",),
    "rabbitmq-server": ("/usr/lib/rabbitmq/bin/rabbitmq-server", "epmd"),
}
"""What each package brings that the tests call or read."""

POLICY = Path("/usr/sbin/policy-rc.d")
"""Debian asks this program whether a package may start its service; 101 says no."""

APT = ("apt-get", "--quiet=2", "--option=Dpkg::Use-Pty=0")


def missing() -> list[str]:
    """Name the packages whose programs are not here."""
    return [
        package
        for package, programs in PROGRAMS.items()
        if not all(shutil.which(program) or Path(program).exists() for program in programs)
    ]


@contextmanager
def services_stay_off() -> Iterator[None]:
    """Keep packages from starting their services while they are installed; leave everything as it was."""
    if POLICY.exists():  # this machine has a policy of its own: containers do, and it says no
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(POLICY.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            POLICY.unlink()


def run(*command: str) -> bool:
    """Run a command; tell whether it did what it should."""
    done = subprocess.run(
        ("env", "DEBIAN_FRONTEND=noninteractive", *command),
        stdout=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode == 0


def install(packages: list[str]) -> None:
    """Install Debian packages, and leave none of their services running or starting with the machine."""
    with services_stay_off():
        install = (*APT, "install", "--yes", "--no-install-recommends", *packages)
        if not run(*install):  # the lists of packages may be missing, or old
            run(*APT, "update")
            run(*install)
    if Path("/run/systemd/system").exists():
        run("systemctl", "disable", "--now", "--quiet", *packages)


def main() -> int:
    """Return 0 when everything is here."""
    packages = missing()
    if packages and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {' and '.join(packages)} for the tests …", file=sys.stderr)
        install(packages)
        packages = missing()
    if packages:
        names = " ".join(packages)
        print(
            f"The tests need {names}: on Debian or Ubuntu, `sudo apt-get install {names}`.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
