"""Logging in at a provider, and linking accounts to providers.

Somebody is sent away with a random `state`; their browser keeps a random secret of its own in a cookie. What
the provider is given to prove the attempt by (PKCE's verifier, the nonce) is derived from both, so what the
database holds in between opens nothing, and a state counts in the browser it was made for alone
(RFC 9700 §4.7).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from autograph.features.accounts.errors import (
    IdentityNotFound,
    IdentityTaken,
    LastWayIn,
    LinkInvalid,
    LoginFailed,
    ProviderNotFound,
    SignInCancelled,
    SignInFailed,
    SignInUnconfirmed,
    SignUpClosed,
)
from autograph.features.accounts.models.audit import Deed
from autograph.features.accounts.models.identities import (
    CALLBACK_PATH,
    SIGN_IN_TIME,
    Arrival,
    Attempt,
    Departure,
    Identity,
    Provider,
    Returned,
    Said,
    SignIn,
)
from autograph.features.accounts.models.people import Account, Principal
from autograph.features.accounts.models.roles import Role
from autograph.features.accounts.models.sessions import LoginMethod, Tokens, Visit
from autograph.features.accounts.ports import IdentityProvider
from autograph.features.accounts.service.login import LoginService
from autograph.features.accounts.service.parts import Parts
from autograph.features.accounts.service.secrets import hash_of, new_secret
from autograph.infra.errors import AutographError, Invalid
from autograph.infra.ids import new_id

_CODE_TIME: Final = timedelta(minutes=10)
_MAX_NAME: Final = 100
_BACK: Final = re.compile(r"/(?![/\\])[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]{0,4000}")
"""A path on our own page: what begins with two slashes is another host."""


class SignInService:
    """Sends people to providers, and knows them when they come back."""

    def __init__(
        self,
        parts: Parts,
        login: LoginService,
        providers: Mapping[str, IdentityProvider],
        *,
        public_url: str,
        is_sign_up_open: bool,
    ) -> None:
        """Stand on `parts`; `providers` by the name in their addresses."""
        self._people = parts.people
        self._identities = parts.identities
        self._audit = parts.audit
        self._clock = parts.clock
        self._login = login
        self._providers = providers
        self._public_url = public_url.rstrip("/")
        self._is_sign_up_open = is_sign_up_open

    def providers(self) -> Sequence[Provider]:
        """Return by whom people can log in."""
        return [one.provider for one in self._providers.values()]

    async def begin(
        self, name: str, *, back: str = "/", linking: Principal | None = None
    ) -> Departure:
        """Send somebody to a provider: to log in, or to link their account to it.

        Raises:
            ProviderNotFound: Nobody logs in here by it.
            Invalid: `back` is no path of our page.
            OperationalError: The provider cannot be asked.
        """
        if not _BACK.fullmatch(back):
            raise Invalid("One goes back to a path such as /.", errors={"back": "no path"})
        provider = self._provider(name)
        state, browser = new_secret(), new_secret()
        url = await provider.address(self._attempt(name, state.text, browser.text))
        sign_in = SignIn(name, linking.user_id if linking else None, back)
        until = self._clock.now() + SIGN_IN_TIME
        await self._identities.begin(state.hash, browser.hash, sign_in, until)
        return Departure(url, state.text, browser.text)

    async def finish(self, name: str, returned: Returned, browser: str, visit: Visit) -> Arrival:
        """Take somebody in who comes back from a provider.

        Raises:
            SignInFailed: This browser has sent nobody there, or what they bring proves nothing.
            SignInCancelled: The provider has not let them, or they did not want to.
            SignInUnconfirmed: Their address does not say whose account this is.
            SignUpClosed: They have no account, and cannot make one.
            IdentityTaken: They wanted to link what is linked to another account.
            Suspended: The account is.
            AutographError: The provider cannot be asked.
        """
        provider = self._provider(name)
        sign_in = await self._identities.spend(
            hash_of(returned.state), hash_of(browser), name, self._clock.now()
        )
        if sign_in is None:
            raise SignInFailed(
                "This log-in was not begun in this browser, was used before, or took longer than "
                f"{SIGN_IN_TIME.total_seconds() / 60:.0f} minutes. Begin again from the log-in page."
            )
        try:
            if returned.error or not returned.code:
                raise SignInCancelled(
                    f"{provider.provider.title} did not let you in, or you did not want to. Begin again, or log in "
                    "in another way."
                )
            attempt = self._attempt(name, returned.state, browser)
            said = await provider.who(returned, attempt)
            if sign_in.user_id is not None:
                await self._link(sign_in.user_id, provider.provider, said, visit)
                return Arrival(sign_in.back)
            account = await self._account(provider.provider, said, visit)
        except AutographError as error:
            deed = Deed("login.failed", f"provider:{name}", after={"wrong": error.code})
            await self._audit.note(sign_in.user_id, visit, deed)
            raise
        if account.has_totp:
            return Arrival(sign_in.back, pending=await self._pending(account))
        tokens = await self._login.open(account, LoginMethod.PROVIDER, visit)
        return Arrival(sign_in.back, tokens)

    async def finish_by_code(self, pending: str, code: str, visit: Visit) -> Tokens:
        """Open the session of somebody who has come back from a provider and is asked for a code, too.

        Raises:
            LinkInvalid: It took too long, or a code was tried before.
            LoginFailed: The code is not right.
            Suspended: The account is.
        """
        spent = await self._people.spend_link(hash_of(pending), "sign_in", self._clock.now())
        account = None if spent is None else await self._people.find(spent[0])
        if account is None:
            raise LinkInvalid("This took too long, or a code was tried before. Log in again.")
        if not await self._login.is_code(account.id, code):
            deed = Deed("login.failed", f"user:{account.id}", after={"wrong": "code"})
            await self._audit.note(None, visit, deed)
            raise LoginFailed("The code is not right. Log in again.")
        return await self._login.open(account, LoginMethod.PROVIDER, visit)

    async def identities(self, principal: Principal) -> Sequence[tuple[Identity, str]]:
        """Return what a person's account is linked to, oldest first, with what each provider is called."""
        titles = {one.issuer: one.title for one in self.providers()}
        return [
            (one, titles.get(one.issuer, one.issuer))
            for one in await self._identities.list_of(principal.user_id)
        ]

    async def unlink(self, principal: Principal, identity_id: UUID, visit: Visit) -> None:
        """Have a person log in by a provider no more.

        Raises:
            IdentityNotFound: There is no such link, or it is somebody else's.
            LastWayIn: They could not log in any more.
        """
        usable = {one.issuer for one in self.providers()}
        gone = await self._identities.unlink(principal.user_id, identity_id, usable)
        if gone is True:
            raise IdentityNotFound(f"There is no link {identity_id}.")
        if gone is False:
            raise LastWayIn(
                "It is the only way in which you can log in. Choose a password or link another provider first."
            )
        assert isinstance(gone, Identity)
        deed = Deed(
            "identity.unlinked", f"user:{principal.user_id}", before={"issuer": gone.issuer}
        )
        await self._audit.note(principal, visit, deed)

    async def _link(self, user_id: UUID, provider: Provider, said: Said, visit: Visit) -> None:
        owner = await self._identities.link(provider.issuer, said.subject, user_id, said.email)
        if owner != user_id:
            raise IdentityTaken(
                f"This account at {provider.title} is linked to another account here. Log in by it and unlink it "
                "there first."
            )
        deed = Deed("identity.linked", f"user:{user_id}", after={"issuer": provider.issuer})
        await self._audit.note(user_id, visit, deed)

    async def _account(self, provider: Provider, said: Said, visit: Visit) -> Account:
        """Return whose account this is: linked before, linked now by an address, or made now.

        Raises:
            SignInUnconfirmed: The address is not confirmed on both sides.
        """
        known = await self._identities.note_use(
            provider.issuer, said.subject, said.email, self._clock.now()
        )
        if known is not None:
            return await self._people.get(known)
        if said.is_verified is False:
            # The same whether the address has an account here or not.
            raise SignInUnconfirmed(
                f"{provider.title} has not confirmed your address. Confirm it there and try again; or log in in "
                f"another way and link {provider.title} to your account."
            )
        # Where the provider does not say, it is as if there were no address.
        email = said.email if said.is_verified else None
        found = None if email is None else await self._people.find_by_email(email)
        if found is None:
            return await self._newcomer(provider, said, email, visit)
        account, _ = found
        if not account.is_verified:
            # Somebody may have made it with an address that is not theirs. Whose it is, they have proven.
            raise SignInUnconfirmed(
                "There is an account with your address here whose address was never confirmed. Log in by a link in a "
                f"mail, or by its password, and link {provider.title} to it."
            )
        await self._link(account.id, provider, said, visit)
        return account

    async def _newcomer(
        self, provider: Provider, said: Said, email: str | None, visit: Visit
    ) -> Account:
        if not self._is_sign_up_open or not await self._people.is_set_up():
            raise SignUpClosed(
                f"This account at {provider.title} is linked to no account here, and nobody can sign up. Log in in "
                "another way and link it; or ask whoever runs this installation for an account "
                "(setting: AUTOGRAPH_SIGN_UP)."
            )
        values = {
            "name": _name(said, email),
            "roles": [Role.USER.value],
            "verified_at": None if email is None else self._clock.now(),
        }
        made = new_id()
        user_id = await self._identities.ensure(provider.issuer, said.subject, made, email, values)
        if user_id == made:
            deed = Deed("user.signed_up", f"user:{made}", after={"provider": provider.name})
            await self._audit.note(made, visit, deed)
        return await self._people.get(user_id)

    async def _pending(self, account: Account) -> str:
        secret, until = new_secret(), self._clock.now() + _CODE_TIME
        await self._people.add_link(secret.hash, account.id, "sign_in", account.email or "", until)
        return secret.text

    def _provider(self, name: str) -> IdentityProvider:
        found = self._providers.get(name)
        if found is None:
            raise ProviderNotFound(f"Nobody logs in here by {name[:40]!r}.")
        return found

    def _attempt(self, name: str, state: str, browser: str) -> Attempt:
        return Attempt(
            state=state,
            verifier=_derived(browser, state, "verifier"),
            nonce=_derived(browser, state, "nonce"),
            redirect_uri=f"{self._public_url}{CALLBACK_PATH}/{name}",
        )


def _derived(browser: str, state: str, purpose: str) -> str:
    """Return 43 characters that nobody knows who has not both (RFC 7636 §4.1 asks for 43 to 128)."""
    made = hmac.new(browser.encode(), f"{purpose}:{state}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def _name(said: Said, email: str | None) -> str:
    name = " ".join((said.name or "").split())
    shown = "".join(one for one in name if one.isprintable())[:_MAX_NAME]
    return shown or (email or "").split("@")[0][:_MAX_NAME] or "Newcomer"
