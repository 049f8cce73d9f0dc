"""Making accounts, and what people do with their own."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import available_timezones

from autograph.features.accounts.errors import (
    AlreadySetUp,
    EmailInvalid,
    LastAdmin,
    LinkInvalid,
    LoginFailed,
    PasswordWeak,
    SignUpClosed,
    TotpState,
)
from autograph.features.accounts.models.audit import Deed
from autograph.features.accounts.models.people import (
    LOCAL_OWNER_ID,
    Account,
    AccountStatus,
    Principal,
)
from autograph.features.accounts.models.roles import Role
from autograph.features.accounts.models.sessions import LoginMethod, Tokens, Visit
from autograph.features.accounts.ports import PersonalData
from autograph.features.accounts.service.login import LoginService
from autograph.features.accounts.service.parts import Parts
from autograph.features.accounts.service.secrets import hash_of, new_secret
from autograph.features.accounts.service.totp import (
    new_totp_secret,
    provisioning_uri,
    step_of,
)
from autograph.infra.errors import Invalid
from autograph.infra.ids import new_id
from autograph.infra.json import Json
from autograph.infra.mail.ports import Mail

_EMAIL: Final = re.compile(
    r"[^@\s<>\"',;:\\()\[\]]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9-]{1,63}"
)
_MAX_EMAIL: Final = 254
_MIN_PASSWORD: Final = 10
_MAX_PASSWORD: Final = 256
_MAX_NAME: Final = 100
_LINK_TIME: Final = {
    "verify": timedelta(days=3),
    "reset": timedelta(hours=1),
    "log_in": timedelta(minutes=15),
}
_MAILS: Final[Mapping[str, tuple[str, str]]] = {
    "verify": (
        "Confirm your address",
        "Hello {name},\n\nopen this to confirm that the address is yours:\n\n{link}\n\n"
        "If you did not ask for an account, do nothing.\n",
    ),
    "reset": (
        "Choose a new password",
        "Hello {name},\n\nopen this within an hour to choose a new password:\n\n{link}\n\n"
        "If you did not ask for it, do nothing: your password stays as it is.\n",
    ),
    "log_in": (
        "Your log-in link",
        "Hello {name},\n\nopen this within 15 minutes to log in:\n\n{link}\n\n"
        "If you did not ask for it, do nothing.\n",
    ),
}
_TAKEN: Final = (
    "You have an account already",
    "Hello {name},\n\nsomebody, probably you, wanted to make an account with this address. There is one "
    "already. If you forgot its password, choose a new one:\n\n{link}\n",
)


class AccountService:
    """Accounts, from their making to their deletion."""

    def __init__(
        self,
        parts: Parts,
        login: LoginService,
        *,
        public_url: str,
        is_sign_up_open: bool,
        others: Sequence[PersonalData] = (),
    ) -> None:
        """Stand on `parts`; `others` are the features that keep something of people."""
        self._people = parts.people
        self._identities = parts.identities
        self._sessions = parts.sessions
        self._apps = parts.apps
        self._grants = parts.grants
        self._login = login
        self._hasher = parts.hasher
        self._ring = parts.ring
        self._mailer = parts.mailer
        self._audit = parts.audit
        self._clock = parts.clock
        self._public_url = public_url.rstrip("/")
        self._is_sign_up_open = is_sign_up_open
        self._others = others

    async def local_owner(self) -> Principal:
        """Return the person at this machine. Writes: their account, the first time."""
        return await self._people.owner()

    async def set_up(self, email: str, password: str, name: str, visit: Visit) -> Tokens:
        """Make the owner's account: the first, with every role, and with what was made here before.

        Raises:
            AlreadySetUp: There is one.
            EmailInvalid: This is no address.
            PasswordWeak: It would be guessed.
        """
        await self._people.owner()
        values = await self._credentials(email, password, name)
        email = _email(email)
        if not await self._people.set_up(email, values):
            raise AlreadySetUp("This installation has its owner. Log in.")
        account = await self._people.get(LOCAL_OWNER_ID)
        await self._audit.note(account.id, visit, Deed("owner.set_up", f"user:{account.id}"))
        return await self._login.open(account, LoginMethod.SET_UP, visit)

    async def sign_up(self, email: str, password: str, name: str, visit: Visit) -> None:
        """Make an account. Whether there was one with this address is told by mail alone.

        Raises:
            SignUpClosed: Only administrators make accounts here.
            EmailInvalid: This is no address.
            PasswordWeak: It would be guessed.
        """
        if not self._is_sign_up_open:
            raise SignUpClosed(
                "Nobody can sign up here. Ask whoever runs this installation for an account "
                "(setting: AUTOGRAPH_SIGN_UP)."
            )
        if not await self._people.is_set_up():
            # Otherwise a stranger's account would be the first, and nobody could become the owner.
            raise SignUpClosed(
                "This installation has no owner yet. Set up the owner's account first."
            )
        email = _email(email)
        values = await self._credentials(email, password, name)
        user_id = new_id()
        if await self._people.add(user_id, email, {**values, "roles": [Role.USER.value]}):
            await self._audit.note(user_id, visit, Deed("user.signed_up", f"user:{user_id}"))
            await self._mail_link(user_id, email, values["name"], "verify")
            return
        found = await self._people.find_by_email(email)
        if found is not None:
            link = await self._link(found[0].id, email, "reset")
            subject, text = _TAKEN
            await self._mailer.send(
                Mail(email, subject, text.format(name=found[0].name, link=link))
            )

    async def verify(self, token: str, visit: Visit) -> None:
        """Note that the address is theirs who opened the link.

        Raises:
            LinkInvalid: It was used before, or has ended.
        """
        account = await self._spend(token, "verify")
        await self._people.change(account.id, {"verified_at": self._clock.now()})
        await self._audit.note(account.id, visit, Deed("user.verified", f"user:{account.id}"))

    async def send_link(self, email: str, purpose: str) -> None:
        """Mail a link to `reset` a password or to `log_in`, if there is such an account; not told which."""
        found = await self._people.find_by_email(email.strip().lower())
        if found is None or found[0].status is AccountStatus.SUSPENDED or found[0].email is None:
            return
        await self._mail_link(found[0].id, found[0].email, found[0].name, purpose)

    async def reset_password(self, token: str, password: str, visit: Visit) -> None:
        """Choose a new password by a mailed link; every session ends.

        Raises:
            LinkInvalid: It was used before, or has ended.
            PasswordWeak: It would be guessed.
        """
        _check_password(password, ())
        account = await self._spend(token, "reset")
        await self._set_password(account, password, visit, "user.password_reset")
        await self._confirm(account)
        await self._sessions.revoke(account.id, self._clock.now(), "password reset")

    async def log_in_by_link(self, token: str, visit: Visit, *, code: str = "") -> Tokens:
        """Open a session by a mailed link.

        Raises:
            LinkInvalid: It was used before, or has ended.
            LoginFailed: The account asks for a code, and this one is not right.
            Suspended: The account is.
        """
        account = await self._spend(token, "log_in")
        if account.has_totp and not await self._login.is_code(account.id, code):
            raise LoginFailed("The code is not right. Ask for another link and try again.")
        await self._confirm(account)
        return await self._login.open(account, LoginMethod.LINK, visit)

    async def me(self, principal: Principal) -> Account:
        """Return one's own account."""
        return await self._people.get(principal.user_id)

    async def change_profile(
        self, principal: Principal, *, name: str | None = None, timezone: str | None = None
    ) -> Account:
        """Change one's name or time zone.

        Raises:
            Invalid: No such time zone, or no name.
        """
        values: dict[str, Any] = {}
        if name is not None:
            values["name"] = _name(name)
        if timezone is not None:
            if timezone not in available_timezones():
                raise Invalid(
                    f"There is no time zone {timezone!r}. Use a name such as Europe/Berlin."
                )
            values["timezone"] = timezone
        if not values:
            return await self.me(principal)
        return await self._people.change(principal.user_id, values)

    async def change_password(self, principal: Principal, old: str, new: str, visit: Visit) -> None:
        """Change one's password; every other session ends.

        Raises:
            LoginFailed: The old one is not right.
            PasswordWeak: The new one would be guessed.
        """
        account = await self.me(principal)
        _check_password(new, (account.email, account.name))
        kept = await self._people.password_hash(account.id)
        if kept is not None and not await self._hasher.matches(old, kept):
            raise LoginFailed("The old password is not right.")
        await self._set_password(account, new, visit, "user.password_changed")
        await self._sessions.revoke(
            account.id, self._clock.now(), "password changed", but=principal.proof_id
        )

    async def give_password(
        self, user_id: UUID, password: str, actor: Principal, visit: Visit
    ) -> Account:
        """Choose a password for somebody who lost theirs; their sessions end.

        Raises:
            UserNotFound: There is nobody.
            PasswordWeak: It would be guessed.
        """
        account = await self._people.get(user_id)
        _check_password(password, (account.email, account.name))
        await self._people.change(user_id, {"password_hash": await self._hasher.hash(password)})
        await self._sessions.revoke(user_id, self._clock.now(), "password given")
        await self._audit.note(actor, visit, Deed("user.password_given", f"user:{user_id}"))
        return account

    async def begin_totp(self, principal: Principal) -> tuple[str, str]:
        """Make a secret for an authenticator app; return it and its `otpauth:` address.

        Raises:
            TotpState: A second factor is on already.
        """
        account = await self.me(principal)
        if account.has_totp:
            raise TotpState("A second factor is on already. Turn it off first.")
        secret = new_totp_secret()
        sealed = self._ring.seal(secret, belongs_to=f"totp:{account.id}")
        await self._people.change(
            account.id, {"totp_key_id": sealed.key_id, "totp_sealed": sealed.data}
        )
        uri = provisioning_uri(secret, account=account.email or account.name, issuer="Autograph")
        return base64.b32encode(secret).decode(), uri

    async def confirm_totp(self, principal: Principal, code: str, visit: Visit) -> None:
        """Turn the second factor on, once a first code from the app is right.

        Raises:
            TotpState: It is on already, or was not begun.
            LoginFailed: The code is not right.
        """
        kept = await self._people.totp(principal.user_id)
        if kept is None or kept[1]:
            raise TotpState("There is nothing to confirm. Begin again.")
        secret = self._ring.open(kept[0], belongs_to=f"totp:{principal.user_id}")
        step = step_of(secret, code, self._clock.now())
        if step is None:
            raise LoginFailed("The code is not right. Look at the clock of your phone.")
        await self._people.change(
            principal.user_id, {"totp_since": self._clock.now(), "totp_last_step": step}
        )
        deed = Deed("user.totp_on", f"user:{principal.user_id}")
        await self._audit.note(principal, visit, deed)

    async def end_totp(self, principal: Principal, code: str, visit: Visit) -> None:
        """Turn the second factor off.

        Raises:
            TotpState: There is none.
            LoginFailed: The code is not right.
        """
        if not (await self.me(principal)).has_totp:
            raise TotpState("There is no second factor to turn off.")
        if not await self._login.is_code(principal.user_id, code):
            raise LoginFailed("The code is not right, or was used before.")
        await self._people.change(
            principal.user_id, {"totp_key_id": None, "totp_sealed": None, "totp_since": None}
        )
        deed = Deed("user.totp_off", f"user:{principal.user_id}")
        await self._audit.note(principal, visit, deed)

    async def export(self, principal: Principal, visit: Visit) -> Mapping[str, Json]:
        """Return all that is kept of a person, without secrets."""
        account = await self.me(principal)
        found: dict[str, Json] = {
            "account": {
                "id": str(account.id),
                "email": account.email,
                "name": account.name,
                "timezone": account.timezone,
                "roles": sorted(account.roles),
                "created_at": account.created_at.isoformat(),
            },
            "sessions": [
                {"ip": one.ip, "agent": one.agent, "since": one.created_at.isoformat()}
                for one in await self._login.sessions(principal)
            ],
        }
        found |= await self._elsewhere(principal)
        for other in self._others:
            found[other.name] = await other.export(principal.user_id)
        await self._audit.note(principal, visit, Deed("user.exported", f"user:{account.id}"))
        return found

    async def _elsewhere(self, principal: Principal) -> dict[str, Json]:
        """Return where else a person is known, and which programs act or could act for them."""
        now = self._clock.now()
        return {
            "identities": [
                {"issuer": one.issuer, "subject": one.subject, "email": one.email}
                for one in await self._identities.list_of(principal.user_id)
            ],
            "granted_apps": [
                {"name": one.name, "scopes": sorted(one.scopes), "since": one.since.isoformat()}
                for one in await self._grants.list_of(principal.user_id, now)
            ],
            "own_apps": [
                {
                    "name": one.name,
                    "redirect_uris": list(one.redirect_uris),
                    "scopes": sorted(one.scopes),
                }
                for one in await self._apps.list_of(principal)
            ],
        }

    async def delete(self, principal: Principal, password: str, visit: Visit) -> None:
        """Delete one's account and everything of it.

        Raises:
            LoginFailed: The password is not right.
            LastAdmin: Nobody else could look after the installation.
        """
        kept = await self._people.password_hash(principal.user_id)
        if kept is not None and not await self._hasher.matches(password, kept):
            raise LoginFailed("The password is not right.")
        await self.erase(principal.user_id, principal, visit)

    async def erase(self, user_id: UUID, actor: Principal, visit: Visit) -> None:
        """Delete an account and everything of it.

        Raises:
            UserNotFound: There is none.
            LastAdmin: Nobody else could look after the installation.
        """
        account = await self._people.get(user_id)
        if Role.ADMIN in account.roles:
            stays = await self._people.change_unless_last_admin(
                user_id, {"status": AccountStatus.SUSPENDED.value, "suspended_for": "deleted"}
            )
            if stays is None:
                raise LastAdmin("This is the last administrator. Make somebody else one first.")
        await self._sessions.revoke(user_id, self._clock.now(), "account deleted")
        for other in self._others:
            await other.erase(user_id)
        await self._people.delete(user_id)
        await self._audit.note(actor, visit, Deed("user.deleted", f"user:{user_id}"))

    async def _credentials(self, email: str, password: str, name: str) -> dict[str, Any]:
        email, name = _email(email), _name(name)
        _check_password(password, (email, name))
        return {"name": name, "password_hash": await self._hasher.hash(password)}

    async def _set_password(
        self, account: Account, password: str, visit: Visit, action: str
    ) -> None:
        kept = await self._hasher.hash(password)
        await self._people.change(account.id, {"password_hash": kept})
        await self._audit.note(account.id, visit, Deed(action, f"user:{account.id}"))

    async def _confirm(self, account: Account) -> None:
        """Note that the address is theirs: a mail that was sent to it was opened."""
        if not account.is_verified:
            await self._people.change(account.id, {"verified_at": self._clock.now()})

    async def _spend(self, token: str, purpose: str) -> Account:
        spent = await self._people.spend_link(hash_of(token), purpose, self._clock.now())
        account = None if spent is None else await self._people.find(spent[0])
        if spent is None or account is None or account.email != spent[1]:
            raise LinkInvalid("The link was used before, or has ended. Ask for another one.")
        return account

    async def _link(self, user_id: UUID, email: str, purpose: str) -> str:
        secret = new_secret()
        until = self._clock.now() + _LINK_TIME[purpose]
        await self._people.add_link(secret.hash, user_id, purpose, email, until)
        # Behind `#`: what is there is sent to no server, and stands in no log.
        return f"{self._public_url}/auth/{purpose.replace('_', '-')}#token={secret.text}"

    async def _mail_link(self, user_id: UUID, email: str, name: str, purpose: str) -> None:
        link = await self._link(user_id, email, purpose)
        subject, text = _MAILS[purpose]
        await self._mailer.send(Mail(email, subject, text.format(name=name, link=link)))


def _email(text: str) -> str:
    email = text.strip().lower()
    if len(email) > _MAX_EMAIL or not _EMAIL.fullmatch(email):
        raise EmailInvalid(f"{text[:80]!r} is no e-mail address.")
    return email


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > _MAX_NAME or not name.isprintable():
        raise Invalid(
            f"A name has 1 to {_MAX_NAME} characters.", errors={"name": "too short or long"}
        )
    return name


def _check_password(password: str, known: Sequence[str | None]) -> None:
    """Make sure that nobody guesses a password: NIST SP 800-63B asks for length, not for odd characters.

    Raises:
        PasswordWeak: Somebody would.
    """
    if not _MIN_PASSWORD <= len(password) <= _MAX_PASSWORD:
        raise PasswordWeak(
            f"A password has {_MIN_PASSWORD} to {_MAX_PASSWORD} characters. A sentence is a good one."
        )
    folded = password.casefold()
    own = {
        part for text in known if text for part in (text.casefold(), text.split("@")[0].casefold())
    }
    if len(set(folded)) < 4 or folded in own or folded in _COMMON:
        raise PasswordWeak("This password would be guessed at once. A sentence is a good one.")


_COMMON: Final = frozenset({
    "1234567890", "0123456789", "0987654321", "12345678910", "123456789a", "password12", "password123", "passw0rd123",
    "qwertyuiop", "qwerty1234", "qwerty12345", "1q2w3e4r5t", "1q2w3e4r5t6y", "iloveyou123", "letmein123", "welcome123",
    "administrator", "changeme123", "administrator1", "password1234", "football123", "baseball123", "superman123",
    "trustno1trustno1", "autograph123", "adminadmin", "passwordpassword", "qwertyqwerty", "abcdefghij", "abcdefghijk",
})  # fmt: skip
