"""Providers are files: what may be in one, and what a request looks like that proves who asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograph.blocks.packs.auth import OtherHost, WrongKind, apply_auth, auth_headers
from autograph.blocks.packs.provider import (
    OWN,
    ProviderInvalid,
    Providers,
    ProviderUnknown,
    provider,
    provider_ids,
)
from autograph.blocks.packs.webhooks import read_hooks
from autograph.blocks.sdk import (
    ApiKeySecret,
    HostScopedSecret,
    OAuth2Secret,
    Secret,
    UserPasswordSecret,
)
from autograph.infra.egress.ports import HttpRequest

MINIMAL = 'id = "mine"\nname = "Mine"\nbase_url = "https://api.mine.example"\n'


@pytest.mark.seed("D1-39")
@pytest.mark.parametrize("provider_id", provider_ids())
def test_every_file_can_be_used(provider_id: str) -> None:
    found = provider(provider_id)

    sends = read_hooks(OWN / f"{provider_id}.toml").signature.scheme != "none"
    assert found.auth.kinds or sends, "there is no way in, and nothing comes out"
    assert found.test is None or found.url(found.test.path).startswith("https://")
    if found.test is not None:
        ask = _ask(found.url(found.test.path))
        sent = apply_auth(found, _some_secret(found.auth.kinds[0]), ask)
        assert "s3cret" in repr(sent) or "YWRhOnMzY3JldA==" in repr(sent)
    if found.auth.oauth2 is not None:
        assert found.auth.oauth2.userinfo or found.test, "nobody says whose tokens they are"
        assert not found.auth.oauth2.userinfo or found.auth.oauth2.account


def _some_secret(kind: str) -> Secret:
    secrets: dict[str, Secret] = {
        "api_key": ApiKeySecret("s3cret"),
        "oauth2": OAuth2Secret("s3cret"),
        "user_password": UserPasswordSecret("ada", "s3cret"),
    }
    return secrets[kind]


def _ask(url: str, **headers: str) -> HttpRequest:
    return HttpRequest("GET", url, headers=headers)


def test_the_most_used_ones_are_there() -> None:
    assert {"github", "google", "openai", "slack", "twitter", "smtp", "mcp"} <= set(provider_ids())


def test_a_key_goes_where_the_file_says() -> None:
    key = ApiKeySecret("k")

    assert auth_headers(provider("github"), key) == {"Authorization": "Bearer k"}
    assert auth_headers(provider("discord"), key) == {"Authorization": "Bot k"}
    in_path = apply_auth(provider("telegram"), key, _ask("https://api.telegram.org/getMe"))
    assert in_path.url == "https://api.telegram.org/botk/getMe"
    in_query = apply_auth(provider("google_maps"), key, _ask("https://maps.googleapis.com/maps"))
    assert in_query.params == {"key": "k"}


def test_the_providers_own_headers_are_sent_but_the_requests_win() -> None:
    own = apply_auth(provider("anthropic"), ApiKeySecret("k"), _ask("https://api.anthropic.com/v1"))
    other = apply_auth(
        provider("anthropic"),
        ApiKeySecret("k"),
        _ask(
            "https://api.anthropic.com/v1", **{"Anthropic-Version": "2030-01-01", "X-API-KEY": "no"}
        ),
    )

    assert own.headers == {"anthropic-version": "2023-06-01", "x-api-key": "k"}
    assert other.headers == {"Anthropic-Version": "2030-01-01", "x-api-key": "k"}


def test_a_credential_is_shown_to_no_other_host() -> None:
    for url in ("https://evil.example/user", "https://api.github.com.evil.example/", "//x"):
        with pytest.raises(OtherHost, match="not sent to"):
            apply_auth(provider("github"), ApiKeySecret("k"), _ask(url))
    scoped = HostScopedSecret("*.mine.example", {"X-Key": "k"})
    with pytest.raises(OtherHost):
        apply_auth(provider("http"), scoped, _ask("https://evil.example"))

    sent = apply_auth(provider("http"), scoped, _ask("https://api.mine.example/"))
    assert sent.headers == {"X-Key": "k"}


def test_a_kind_that_the_provider_does_not_take_is_refused() -> None:
    with pytest.raises(WrongKind, match="it takes: oauth2"):
        auth_headers(provider("twitter"), ApiKeySecret("k"))
    with pytest.raises(WrongKind):
        auth_headers(provider("smtp"), UserPasswordSecret("ada", "pw"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[auth.api_key]\nplaze = 'header'", "auth.api_key.plaze"),
        ("colour = 'red'", "colour"),
        ("[auth.api_key]\nformat = 'Bearer'", "auth.api_key.format"),
        ("[auth.oauth2]\nauthorize = 'ftp://x'\ntoken = 'https://x'", "auth.oauth2.authorize"),
        ("[auth.oauth2]\nauthorize = 'https://x'", "auth.oauth2.token"),
        (
            "[auth.oauth2]\nauthorize = 'https://x'\ntoken = 'https://x'\nquirks = ['odd']",
            "auth.oauth2.quirks",
        ),
        ("[test]\npath = 'user'", "test.path"),
        ("[auth", "mine.toml is no TOML"),
    ],
)
def test_a_mistake_is_named_by_file_and_key(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "mine.toml").write_text(MINIMAL + text)

    with pytest.raises(ProviderInvalid) as caught:
        Providers(tmp_path).get("mine")

    assert caught.value.message.startswith("mine.toml")
    assert named in caught.value.message


def test_files_of_ones_own_win_and_tables_of_other_rooms_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MINIMAL + "[webhooks]\nx = 1\n[[actions]]\ny = 2\n")
    (tmp_path / "github.toml").write_text(
        'id = "github"\nname = "Our GitHub"\nbase_url = "https://github.mine.example/api/v3"'
    )
    own = Providers(tmp_path)

    assert own.get("mine").name == "Mine"
    assert own.get("github").base_url == "https://github.mine.example/api/v3"
    assert set(own.ids()) == {"mine", *provider_ids()}


def test_a_name_that_is_a_way_out_of_the_folder_is_no_provider(tmp_path: Path) -> None:
    (tmp_path / "secret.toml").write_text(MINIMAL)
    (tmp_path / "own").mkdir()

    for name in ("../secret", "..", "", str(tmp_path / "secret"), "github/../github"):
        with pytest.raises(ProviderUnknown):
            Providers(tmp_path / "own").get(name)
