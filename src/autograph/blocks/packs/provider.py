"""A provider is one file: where it is, what proves there who one is, and how to find out whether it does.

    id = "github"
    name = "GitHub"
    base_url = "https://api.github.com"

    [auth.api_key]
    title = "Personal access token"

    [test]
    path = "/user"
    account = "login"

Files are read when somebody asks for the provider. Other rooms keep what they need in the same file, in tables
of their own (`ELSEWHERE`); whatever else is not known here is an error, so that a typing mistake is one.
An installation may have files of its own (setting: AUTOGRAPH_PROVIDER_DIR); they win over the ones that come along.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, ConfigDict, TypeAdapter, ValidationError

from autograph.infra.errors import NotFound, OperationalError

OWN: Final = Path(__file__).parent
ELSEWHERE: Final = frozenset({"actions", "shared", "webhooks"})
"""Tables that other rooms read."""


class ProviderUnknown(NotFound):
    """There is no file for it."""

    code: ClassVar[str] = "provider.unknown"


class ProviderInvalid(OperationalError):
    """Its file is wrong; the message names the file and the key."""

    code: ClassVar[str] = "provider.invalid"


def _is_url(value: str) -> str:
    if not value.startswith(("https://", "http://")) or any(one in value for one in " \t\n"):
        raise ValueError("an address begins with https:// and has no spaces")
    return value.rstrip("/")


def _is_path(value: str) -> str:
    if not value.startswith(("/", "https://", "http://")):
        raise ValueError("a path begins with /, or is a whole address")
    return value


def _has_key(value: str) -> str:
    if value.count("{key}") != 1:
        raise ValueError('the place of the key is named once: "Bearer {key}"')
    return value


Url = Annotated[str, AfterValidator(_is_url)]
_Path = Annotated[str, AfterValidator(_is_path)]
_Format = Annotated[str, AfterValidator(_has_key)]
_CLOSED: Final = ConfigDict(extra="forbid")

Quirk = Literal[
    "token_request_is_json",  # the token endpoint takes JSON, not a form
    "revoke_is_json",  # so does the endpoint that revokes
    "revoke_wants_basic",  # it takes the client's name and secret by Basic, whatever `client_auth` says
    "revoke_bears_token",  # it is asked by the token that is to end, and by no client
    "revoke_deletes_grant",  # DELETE with the client's name in the address ({client_id}), and JSON
]


@dataclass(frozen=True, slots=True)
class ApiKeyAuth:
    """How a key is sent.

    Attributes:
        title: What people there call it.
        place: `path` puts it where the path says `{key}`, else in front of it.
        name: Of the header or parameter.
        format: `{key}` is the key.
        get_it_at: The page where one makes a key.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    title: str = "API key"
    place: Literal["header", "query", "basic", "path"] = "header"
    name: str = "Authorization"
    format: _Format = "Bearer {key}"
    get_it_at: Url | None = None


@dataclass(frozen=True, slots=True)
class UserPasswordAuth:
    """How a name and a password are sent.

    Attributes:
        place: `none` where no HTTP is spoken, as with mail servers.
        username: What people there call the name.
        password: And the password.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    title: str = "User name and password"
    place: Literal["basic", "none"] = "basic"
    username: str = "User name"
    password: str = "Password"
    get_it_at: Url | None = None


@dataclass(frozen=True, slots=True)
class HostScopedAuth:
    """Headers of one's own choosing for one host."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    title: str = "Headers for a host"


@dataclass(frozen=True, slots=True)
class OAuth2Endpoint:
    """How a person lets us act for them there (RFC 6749, 7636, 7009).

    Attributes:
        authorize: Where the person is sent.
        token: Where codes and refresh tokens become tokens.
        revoke: Where tokens end; None where there is no such place.
        userinfo: Says whose the tokens are; `[test]` does where there is none.
        account: The field of its answer, with dots, that names them.
        pkce: The code is bound to a secret of ours.
        scope_separator: Between scopes.
        default_scopes: Always asked for.
        scopes: What each lets one do, in words.
        authorize_params: Added to the address the person is sent to.
        client_auth: How we prove that we are the client: `basic`, `post` in the form, `none`.
        quirks: In what it differs from the standards.
        tested_with: Against what these facts were checked, and when.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    authorize: Url
    token: Url
    revoke: Url | None = None
    userinfo: Url | None = None
    account: str | None = None
    title: str = "Connect an account"
    pkce: bool = False
    scope_separator: Literal[" ", ","] = " "
    default_scopes: tuple[str, ...] = ()
    scopes: Mapping[str, str] = field(default_factory=dict[str, str])
    authorize_params: Mapping[str, str] = field(default_factory=dict[str, str])
    client_auth: Literal["basic", "post", "none"] = "post"
    quirks: frozenset[Quirk] = frozenset()
    tested_with: str | None = None
    register_at: Url | None = None


@dataclass(frozen=True, slots=True)
class Auth:
    """What proves there who one is."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    api_key: ApiKeyAuth | None = None
    user_password: UserPasswordAuth | None = None
    host_scoped: HostScopedAuth | None = None
    oauth2: OAuth2Endpoint | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """What a credential there may be made of."""
        named = {
            "api_key": self.api_key,
            "oauth2": self.oauth2,
            "user_password": self.user_password,
            "host_scoped": self.host_scoped,
        }
        return tuple(kind for kind, how in named.items() if how is not None)


@dataclass(frozen=True, slots=True)
class Probe:
    """A request that costs nothing, changes nothing and needs a good credential.

    Attributes:
        path: Below `base_url`, or a whole address.
        account: The field of its answer, with dots, that says whose the credential is.
        ok: A field that is true, or there, when all is well, where the status does not say.
        body: JSON that is sent.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    path: _Path
    method: Literal["GET", "POST"] = "GET"
    account: str | None = None
    ok: str | None = None
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """A system of others.

    Attributes:
        id: As agents name it: the file's name.
        name: As people do.
        documentation: The page these facts are from.
        base_url: What paths are relative to; None where everybody has their own server.
        hosts: Further ones that its credentials may be sent to, `*.example.com` for all below.
        headers: Sent with every request.
        test: None where nothing can be asked for nothing.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED
    id: str
    name: str
    site: Url | None = None
    documentation: Url | None = None
    base_url: Url | None = None
    hosts: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    auth: Auth = field(default_factory=Auth)
    test: Probe | None = None

    def url(self, path: str) -> str:
        """Return the address of a path, or the address itself where it is whole.

        Raises:
            ProviderInvalid: The provider has no `base_url`.
        """
        if not path.startswith("/"):
            return path
        if self.base_url is None:
            raise ProviderInvalid(f"{self.id}.toml: base_url: there is none to put {path} after.")
        return self.base_url + path


_ADAPTER: Final = TypeAdapter(Provider)


class Providers:
    """All providers that this installation knows."""

    def __init__(self, own: Path | None = None) -> None:
        """Look into the folder that comes along, and into `own` first."""
        self._folders = (OWN,) if own is None else (own.expanduser(), OWN)
        self._read: dict[str, Provider] = {}

    def ids(self) -> Sequence[str]:
        """Return the ids of all providers, sorted. No file is read."""
        return sorted({path.stem for folder in self._folders for path in folder.glob("*.toml")})

    def get(self, provider_id: str) -> Provider:
        """Return a provider.

        Raises:
            ProviderUnknown: There is no file for it.
            ProviderInvalid: The file is wrong.
        """
        known = self._read.get(provider_id)
        if known is None:
            known = self._read[provider_id] = read(self.path(provider_id))
        return known

    def find(self, provider_id: str) -> Provider | None:
        """Return a provider, or None where there is no file for it.

        Raises:
            ProviderInvalid: The file is wrong.
        """
        try:
            return self.get(provider_id)
        except ProviderUnknown:
            return None

    def path(self, provider_id: str) -> Path:
        """Return a provider's file.

        Raises:
            ProviderUnknown: There is none.
        """
        for folder in self._folders:
            path = folder / f"{provider_id}.toml"
            # Names come from outside: nothing but a file of the folder itself counts.
            if path.parent == folder and path.stem == provider_id and path.is_file():
                return path
        raise ProviderUnknown(f"There is no provider {provider_id[:80]!r}.")


def read(path: Path) -> Provider:
    """Return what a file says.

    Raises:
        ProviderInvalid: It is wrong; the message names the file and the key.
    """
    try:
        said: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProviderInvalid(f"{path.name} is no TOML: {error}.") from error
    own = {key: value for key, value in said.items() if key not in ELSEWHERE}
    try:
        made = _ADAPTER.validate_python(own)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()
        )
        raise ProviderInvalid(f"{path.name}: {wrong}.") from error
    if made.id != path.stem:
        raise ProviderInvalid(f"{path.name}: id: is {made.id!r}, and the file's name is not.")
    return made


@cache
def _packaged() -> Providers:
    return Providers()


def provider(provider_id: str) -> Provider:
    """Return a provider that comes along.

    Raises:
        ProviderUnknown: There is no file for it.
        ProviderInvalid: The file is wrong.
    """
    return _packaged().get(provider_id)


def provider_ids() -> Sequence[str]:
    """Return the ids of all providers that come along, sorted. No file is read."""
    return _packaged().ids()
