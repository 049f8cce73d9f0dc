"""`autograph accounts …` and `autograph audit`: people, and what they did."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer
from rich.table import Table

from autograph.cli.output import (
    err,
    on_platform,
    out,
    print_json,
    print_plain,
)
from autograph.features.accounts.models import Account, LimitsChange, Role, Visit
from autograph.graph.model import Json
from autograph.infra.egress.ports import hosts_of
from autograph.infra.errors import Invalid

if TYPE_CHECKING:
    from autograph.bootstrap import Platform

T = TypeVar("T")

accounts = typer.Typer(help="People who log in.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DataDir = Annotated[Path | None, typer.Option(help="Where everything is kept.")]
Who = Annotated[str, typer.Argument(help="Address or id of a person.")]
HERE = Visit(agent="command")


@accounts.command("set-up")
def set_up(
    email: Annotated[str, typer.Option(help="The owner's address.")],
    name: Annotated[str, typer.Option(help="What they are called.")] = "Owner",
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Make the owner's account; from then on everybody logs in. The password is asked for, or read from stdin."""
    password = _password()

    async def work(made: Platform) -> UUID:
        tokens = await made.accounts.people.set_up(email, password, name, HERE)
        await made.accounts.login.end_all(made.owner, HERE, but_this=False)
        return tokens.user_id

    user_id = on_platform(data_dir, work, as_json=as_json)
    if as_json:
        print_json({"user_id": str(user_id)})
    else:
        print_plain(f"{email} is the owner. Log in with this address from now on.")


@accounts.command("list")
def list_accounts(
    search: Annotated[str | None, typer.Option(help="In addresses and names.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 50,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List people, newest first."""
    page = on_platform(
        data_dir,
        lambda made: made.accounts.administration.list_page(limit=limit, search=search),
        as_json=as_json,
    )
    if as_json:
        print_json([_shown(one) for one in page.accounts])
        return
    table = Table("id", "address", "name", "roles", "status", box=None)
    for one in page.accounts:
        table.add_row(
            str(one.id), one.email or "", one.name, " ".join(sorted(one.roles)), one.status.value
        )
    out.print(table)


@accounts.command("roles")
def roles(
    who: Who,
    given: Annotated[
        list[Role], typer.Argument(metavar="ROLES...", help="All that they are from now on.")
    ],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Make somebody what they are here."""

    async def work(made: Platform) -> Account:
        user_id = await _find(made, who)
        return await made.accounts.administration.set_roles(made.owner, user_id, given, HERE)

    _tell(on_platform(data_dir, work, as_json=as_json), as_json=as_json)


@accounts.command("suspend")
def suspend(
    who: Who,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Keep somebody out; their sessions end at once."""

    async def work(made: Platform) -> Account:
        user_id = await _find(made, who)
        return await made.accounts.administration.suspend(made.owner, user_id, reason, HERE)

    _tell(on_platform(data_dir, work, as_json=as_json), as_json=as_json)


@accounts.command("restore")
def restore(who: Who, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Let somebody in again."""

    async def work(made: Platform) -> Account:
        user_id = await _find(made, who)
        return await made.accounts.administration.restore(made.owner, user_id, HERE)

    _tell(on_platform(data_dir, work, as_json=as_json), as_json=as_json)


@accounts.command("limits")
def limits(
    who: Who,
    weight: Annotated[
        int | None, typer.Option(min=1, max=100, help="Share beside others'.")
    ] = None,
    max_runs: Annotated[int | None, typer.Option(min=1, help="Runs at once.")] = None,
    unlimited: Annotated[
        bool, typer.Option("--unlimited", help="No limit of their own on runs at once.")
    ] = False,
    host: Annotated[
        list[str] | None,
        typer.Option(
            help="A host that their runs may ask; again for more, no other is asked. *.name for all below, any for every one."
        ),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Change what somebody gets of the workers, and which hosts their runs may ask."""
    change: LimitsChange = {}
    if weight is not None:
        change["weight"] = weight
    if unlimited or max_runs is not None:
        change["max_runs"] = None if unlimited else max_runs
    if host:
        change["egress_hosts"] = hosts_of(host)

    async def work(made: Platform) -> Account:
        return await made.accounts.administration.set_limits(
            made.owner,
            await _find(made, who),
            HERE,
            change,
        )

    _tell(on_platform(data_dir, work, as_json=as_json), as_json=as_json)


@accounts.command("reset-password")
def reset_password(who: Who, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Choose a new password for somebody, also for an owner who lost theirs; their sessions end."""
    password = _password()

    async def work(made: Platform) -> Account:
        user_id = await _find(made, who)
        return await made.accounts.people.give_password(user_id, password, made.owner, HERE)

    _tell(on_platform(data_dir, work, as_json=as_json), as_json=as_json)


def audit(
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many lines.")] = 50,
    action: Annotated[
        str | None, typer.Option(help="Only this action, such as login.failed.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="Only what was done to this, such as user:ID.")
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show who did what, newest first."""
    page = on_platform(
        data_dir,
        lambda made: made.accounts.audit.list_page(limit=limit, action=action, target=target),
        as_json=as_json,
    )
    if as_json:
        from autograph.api.rest.admin import present_entry  # noqa: PLC0415 - heavy

        print_json([present_entry(entry).model_dump(mode="json") for entry in page.entries])
        return
    table = Table("at", "who", "action", "target", "outcome", "from", box=None)
    for entry in page.entries:
        table.add_row(
            entry.at.isoformat()[:19],
            str(entry.actor_id or ""),
            entry.deed.action,
            entry.deed.target,
            entry.deed.outcome,
            entry.ip,
        )
    out.print(table)


def _password() -> str:
    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            raise typer.BadParameter("The two are not the same.")
        return password
    return sys.stdin.readline().rstrip("\n")


async def _find(made: Platform, who: str) -> UUID:
    try:
        return UUID(who)
    except ValueError:
        page = await made.accounts.administration.list_page(search=who)
        found = [one.id for one in page.accounts if one.email == who.lower()]
        if not found:
            raise Invalid(
                f"Nobody has the address {who}. `autograph accounts list` shows who there is."
            ) from None
        return found[0]


def _tell(account: Account, *, as_json: bool) -> None:
    if as_json:
        print_json(_shown(account))
        return
    err.print(
        f"{account.email or account.id}: {account.status.value}, {' '.join(sorted(account.roles))}, "
        f"weight {account.weight}, "
        + (f"{account.max_runs} runs at once" if account.max_runs else "no limit on runs at once"),
        markup=False,
    )


def _shown(account: Account) -> dict[str, Json]:
    from autograph.api.rest.account import present_account  # noqa: PLC0415 - heavy

    return present_account(account).model_dump(mode="json")
