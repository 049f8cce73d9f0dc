"""`autograph credentials …`: what proves elsewhere who one is. Secrets are asked for, never arguments."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from rich.table import Table

from autograph.blocks.sdk import ApiKeySecret, HostScopedSecret, Secret, UserPasswordSecret
from autograph.cli.output import (
    EXIT_FAILED,
    on_platform,
    out,
    print_json,
    print_plain,
)
from autograph.features.accounts.models import Visit
from autograph.features.integrations.models import Credential
from autograph.graph.model import Json

T = TypeVar("T")

credentials = typer.Typer(help="What proves elsewhere who you are.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept.")]
Which = Annotated[UUID, typer.Argument(metavar="CREDENTIAL", help="Its id.")]
Username = Annotated[str | None, typer.Option(help="For a name and a password: the name.")]
Host = Annotated[str | None, typer.Option(help="For a header: the host it is for.")]
Header = Annotated[str, typer.Option(help="For a header: its name.")]
_HERE = Visit(agent="command")


@credentials.command("list")
def list_credentials(
    provider: Annotated[str | None, typer.Option(help="Only of this provider.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List credentials, newest first, then the installation's; nothing secret is shown."""
    found = on_platform(
        data_dir,
        lambda made: made.integrations.credentials.list_all(made.owner, provider=provider),
        as_json=as_json,
    )
    if as_json:
        print_json([_shown(one) for one in found])
        return
    table = Table("id", "provider", "kind", "title", "account", "state", box=None)
    for one in found:
        state = "ended" if one.ended_at else "the installation's" if one.is_system else ""
        table.add_row(
            str(one.id), one.provider, one.kind.value, one.title, one.account or "", state
        )
    out.print(table)


@credentials.command("add")
def add(
    provider: Annotated[str, typer.Argument(help="Where it counts, such as github.")],
    title: Annotated[str, typer.Option(help="What it is called.")] = "",
    username: Username = None,
    host: Host = None,
    header: Header = "Authorization",
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Keep a key, a password or a header. It is asked for, or read from stdin."""
    secret = _secret(username, host, header)
    made_up = title or f"{provider} {username or host or 'key'}"
    found = on_platform(
        data_dir,
        lambda made: made.integrations.credentials.add(
            made.owner, provider, made_up, secret, _HERE
        ),
        as_json=as_json,
    )
    _tell(found, as_json=as_json)


@credentials.command("replace")
def replace(
    credential: Which,
    username: Username = None,
    host: Host = None,
    header: Header = "Authorization",
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Give a credential another secret; agents that name it go on with it."""
    secret = _secret(username, host, header)
    found = on_platform(
        data_dir,
        lambda made: made.integrations.credentials.replace(made.owner, credential, secret, _HERE),
        as_json=as_json,
    )
    _tell(found, as_json=as_json)


@credentials.command("rename")
def rename(
    credential: Which,
    title: Annotated[str, typer.Argument(help="What it is called from now on.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Call a credential something else."""
    found = on_platform(
        data_dir,
        lambda made: made.integrations.credentials.rename(made.owner, credential, title, _HERE),
        as_json=as_json,
    )
    _tell(found, as_json=as_json)


@credentials.command("uses")
def uses(credential: Which, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the nodes of agents that name a credential."""
    found = on_platform(
        data_dir,
        lambda made: made.integrations.credentials.uses(made.owner, credential),
        as_json=as_json,
    )
    if as_json:
        print_json(
            [
                {"graph_id": str(one.graph_id), "graph": one.graph_name, "node": one.node}
                for one in found
            ]
        )
        return
    for one in found:
        print_plain(f"{one.graph_name}: {one.node}")


@credentials.command("test")
def ask(credential: Which, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Ask the provider whether a credential is good. Exit code 1 where it is not."""
    found = on_platform(
        data_dir,
        lambda made: made.integrations.credentials.test(made.owner, credential),
        as_json=as_json,
    )
    if as_json:
        print_json({"ok": found.is_good, "account": found.account, "message": found.message})
    else:
        print_plain(found.message)
    if not found.is_good:
        raise typer.Exit(EXIT_FAILED)


@credentials.command("delete")
def delete(
    credential: Which,
    force: Annotated[bool, typer.Option("--force", help="Although agents name it.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Delete a credential, and ask its provider to end its tokens."""
    found = on_platform(
        data_dir,
        lambda made: made.integrations.credentials.delete(
            made.owner, credential, _HERE, force=force
        ),
        as_json=as_json,
    )
    if as_json:
        print_json({"revoked": found.revoked, "note": found.note, "uses": len(found.uses)})
        return
    print_plain("It is gone." if found.note is None else f"It is gone here. {found.note}")


def _secret(username: str | None, host: str | None, header: str) -> Secret:
    if sys.stdin.isatty():
        text = getpass.getpass("Secret: ")
    else:
        text = sys.stdin.readline().rstrip("\r\n")
    if username is not None:
        return UserPasswordSecret(username, text)
    if host is not None:
        return HostScopedSecret(host, {header: text})
    return ApiKeySecret(text.strip())


def _tell(credential: Credential, *, as_json: bool) -> None:
    if as_json:
        print_json(_shown(credential))
    else:
        print_plain(f"{credential.id}  {credential.provider}  {credential.title}")


def _shown(credential: Credential) -> dict[str, Json]:
    from autograph.api.rest.credentials import present  # noqa: PLC0415 - heavy

    return present(credential).model_dump(mode="json")
