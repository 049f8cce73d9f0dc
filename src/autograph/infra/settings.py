"""Every setting, typed; the only reader of the environment.

A setting is an environment variable `AUTOGRAPH_<NAME>`; `docs/reference/settings.md` is made from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from autograph.infra.errors import Invalid


class SettingsInvalid(Invalid):
    """Settings cannot be what they are; the message names them."""

    code: ClassVar[str] = "settings.invalid"


def _default_data_dir() -> Path:
    return Path("~/.local/share/autograph").expanduser()


class LoginProvider(BaseModel):
    """By whom people may log in, too.

    What this installation is called there, and what differs from what is known of `google`, `github` and
    `discord`; for any other name all there is to know.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    client_id: str = Field(min_length=1)
    client_secret: SecretStr | None = None
    title: str | None = None
    issuer: str | None = None
    is_openid: bool | None = None
    authorize_url: str | None = None
    token_url: str | None = None
    userinfo_url: str | None = None
    emails_url: str | None = None
    scopes: tuple[str, ...] | None = None
    subject: str | None = None
    email: str | None = None
    verified: str | None = None
    names: tuple[str, ...] | None = None
    trusts_email: bool = False


class McpProgram(BaseModel):
    """A program that speaks MCP by its standard input and output, and that agents may start: exactly so, with nothing added."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: tuple[str, ...] = Field(min_length=1)
    folders: tuple[str, ...] = ()
    secret: str = Field(default="", pattern=r"^([A-Z_][A-Z0-9_]*)?$")


class Settings(BaseSettings):
    """How this installation runs."""

    model_config = SettingsConfigDict(
        env_prefix="AUTOGRAPH_", env_nested_delimiter="__", frozen=True, extra="ignore"
    )

    database_url: str | None = Field(
        default=None,
        description="A PostgreSQL 16+ to use instead of the embedded one: postgresql://user@host/name.",
    )
    data_dir: Path = Field(
        default_factory=_default_data_dir,
        description="Where the embedded database and files are kept.",
    )
    pg_bin: Path | None = Field(
        default=None,
        description="Directory of PostgreSQL's programs, instead of the packaged ones.",
    )
    shared_buffers_mb: int = Field(
        default=64, ge=8, description="Memory the embedded PostgreSQL keeps pages in, in MiB."
    )
    pool_size: int = Field(
        default=8, ge=2, description="Database connections a process keeps at most."
    )
    host: str = Field(default="127.0.0.1", description="Address the API listens on.")
    port: int = Field(
        default=8085, ge=0, le=65535, description="Port the API listens on; 0 picks a free one."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe log lines that are written."
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="How log lines look."
    )
    otlp_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/?#]+[^\s?#]*$",
        description="A collector that takes traces by OTLP over HTTP: http://127.0.0.1:4318; none for no traces.",
    )
    worker_slots: int = Field(default=200, ge=1, description="Runs a worker carries at once.")
    person_share: float = Field(
        default=0.75,
        gt=0,
        le=1,
        description="Part of a worker's slots that the runs of one person may hold: the rest is for the next one.",
    )
    max_person_runs: int | None = Field(
        default=None,
        ge=1,
        description="Runs of one person at once in all workers, where the person's own limit does not say.",
    )
    max_graph_runs: int | None = Field(
        default=None,
        ge=1,
        description="Runs of one graph at once in all workers, where the graph's own limit does not say.",
    )
    drain_time: timedelta = Field(
        default=timedelta(seconds=30),
        description="How long a worker that is asked to stop waits for node runs that go on.",
    )
    queue_url: str | None = Field(
        default=None,
        description="A RabbitMQ that wakes workers, instead of the database: amqp://user:password@host/.",
    )
    redis_url: str | None = Field(
        default=None,
        description="A Redis for news between processes, shared counters and caches: redis://host:6379/0.",
    )
    public_url: str | None = Field(
        default=None,
        description="Where people and other systems reach this installation: https://autograph.example.com.",
    )
    single_user: bool = Field(
        default=True,
        description="Until an owner's account is set up, whoever sits at this machine is the owner, without "
        "logging in (loopback only).",
    )
    sign_up: Literal["open", "closed"] = Field(
        default="open", description="Whether anybody can make an account by themselves."
    )
    sign_in: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")], LoginProvider] = (
        Field(
            default={},
            description="By whom people may log in, too: google, github, discord, or any other, each as "
            "AUTOGRAPH_SIGN_IN__GOOGLE__CLIENT_ID and …__CLIENT_SECRET; docs/guides/operate/sign-in.md has the rest.",
        )
    )
    key_file: Path | None = Field(
        default=None,
        description="The keys that secrets are encrypted with; keys.json in the data directory where not set.",
    )
    keys: SecretStr | None = Field(
        default=None,
        description="The same keys as a text, instead of a file: id:base64,id:base64, the current one first.",
    )
    jwt_issuer: str | None = Field(
        default=None,
        description="Another issuer whose access tokens count, such as https://project.supabase.co/auth/v1.",
    )
    jwt_audience: str = Field(
        default="authenticated", description="What its tokens have as audience."
    )
    jwt_secret: SecretStr | None = Field(
        default=None, description="The secret it signs with, where it uses HS256."
    )
    jwks_url: str | None = Field(
        default=None,
        description="Where it publishes its keys, where it uses ES256, RS256 or EdDSA.",
    )
    smtp_url: SecretStr | None = Field(
        default=None,
        description="Mail server: smtp://user:password@host:587; without it mails are written to a folder.",
    )
    mail_from: str = Field(
        default="Autograph <autograph@localhost>", description="Whom mails are from."
    )
    cors_origins: tuple[str, ...] = Field(
        default=(),
        description='Other origins whose pages may use the API: ["https://app.example.com"].',
    )
    connect_origins: tuple[str, ...] = Field(
        default=(),
        description="Origins of programs of others that providers may send people back to when they connect an "
        'account: ["https://app.example.com"]; "http://localhost" for every port of one\'s own machine.',
    )
    trusted_proxies: str | None = Field(
        default=None,
        description="Addresses of proxies whose X-Forwarded-For is believed, with commas between.",
    )
    ip_allow: tuple[str, ...] = Field(
        default=(), description='Networks that may ask; none for all: ["10.0.0.0/8"].'
    )
    ip_deny: tuple[str, ...] = Field(default=(), description="Networks that may not ask.")
    inspection: Literal["refuse", "note"] = Field(
        default="refuse",
        description="What becomes of requests that look like attacks; note: they pass, and the log has the rule.",
    )
    model_keys: dict[str, SecretStr] = Field(
        default_factory=dict[str, SecretStr],
        description='Keys of model providers for nodes without a credential; such runs cost credits: {"openai": "…"}.',
    )
    model_urls: dict[str, str] = Field(
        default_factory=dict[str, str],
        description='Other addresses of model providers: {"ollama": "http://10.0.0.5:11434/v1"}.',
    )
    demo_models: bool = Field(
        default=False,
        description="Every model is answered by the scripted local one: no network, no key, the same answer every time.",
    )
    demo_script: Path | None = Field(
        default=None, description="Rules for the scripted local model: a JSON file."
    )
    egress_inside: tuple[str, ...] = Field(
        default=(),
        description='Networks of your own that agents may reach: ["10.1.0.0/16"]; others than public ones are '
        "refused.",
    )
    egress_hosts: tuple[str, ...] | None = Field(
        default=None,
        description='The only hosts that agents may reach: ["api.openai.com", "*.example.com"]; none for every one.',
    )
    provider_dir: Path | None = Field(
        default=None,
        description="A folder with provider files (packs) of your own, <id>.toml; they win over the ones that come along.",
    )
    oauth_clients: SecretStr | None = Field(
        default=None,
        description='What this installation is registered as: {"github": {"id": "…", "secret": "…"}}, or @ and a '
        "file with that.",
    )
    system_credentials: SecretStr | None = Field(
        default=None,
        description='Credentials that everybody\'s runs may use: {"openai": "sk-…"}, or @ and a file with that.',
    )
    rate_read: int = Field(
        default=1_200,
        ge=0,
        description="Requests a minute that read, per person or key; 0 for no limit.",
    )
    rate_write: int = Field(
        default=300, ge=0, description="Requests a minute that change something, per person or key."
    )
    rate_execute: int = Field(
        default=600, ge=0, description="Requests a minute that start a run, per person or key."
    )
    rate_auth: int = Field(
        default=60, ge=0, description="Requests a minute to log in and the like, per address."
    )
    rate_public: int = Field(
        default=600, ge=0, description="Requests a minute for what anybody may ask, per address."
    )
    rate_webhook: int = Field(
        default=1_200,
        ge=0,
        description="Deliveries a minute to one webhook, and from one address to all of them.",
    )
    webhook_retention: timedelta = Field(
        default=timedelta(days=30), description="How long what came to webhooks is kept."
    )
    webhook_check: timedelta = Field(
        default=timedelta(hours=1),
        description="How often providers are asked whether they still send.",
    )
    notification_retention: timedelta = Field(
        default=timedelta(days=90), description="How long people's notifications are kept."
    )
    session_retention: timedelta = Field(
        default=timedelta(days=90),
        description="How long log-ins are kept after their end; of each person the last one stays.",
    )
    max_body_bytes: int = Field(
        default=16 * 1024 * 1024,
        ge=1024,
        description="Largest request body, in bytes; over it: 413.",
    )
    files_url: str | None = Field(
        default=None,
        description="Where files are kept: s3://bucket/folder; none for a folder of the data directory.",
    )
    s3_endpoint: str | None = Field(
        default=None,
        description="Server of the bucket, where it is not Amazon's: https://host:port.",
    )
    s3_region: str | None = Field(default=None, description="Region of the bucket.")
    s3_access_key_id: str | None = Field(
        default=None,
        description="Who asks the bucket; none finds it as Amazon's own programs do.",
    )
    s3_secret_access_key: SecretStr | None = Field(
        default=None, description="The secret that belongs to it."
    )
    max_file_bytes: int = Field(
        default=256 * 1024 * 1024, ge=1024, description="Largest file, in bytes."
    )
    max_user_file_bytes: int | None = Field(
        default=10 * 1024 * 1024 * 1024,
        ge=1024,
        description="What the files of one person may take in all, in bytes; none for anything.",
    )
    run_file_expiry: timedelta | None = Field(
        default=timedelta(days=30),
        description="How long what runs make is kept at most, where nobody keeps it; none for as long as its run.",
    )
    clamd: str | None = Field(
        default=None,
        description="ClamAV's daemon, which looks into every file: unix:///run/clamav/clamd.ctl or tcp://host:port.",
    )
    sandbox_seconds: float = Field(
        default=300, gt=0, description="How long code may take in the sandbox, in seconds."
    )
    sandbox_cpu_seconds: int = Field(
        default=30, ge=1, description="What it may use of a processor, in seconds."
    )
    sandbox_memory_mb: int = Field(
        default=512, ge=64, description="What it may use of memory, in MiB."
    )
    sandbox_disk_mb: int = Field(
        default=64, ge=1, description="What it may write to its folder, in MiB."
    )
    sandbox_output_kb: int = Field(
        default=1024, ge=1, description="What it may print, in KiB; as much again for errors."
    )
    sandbox_files_mb: int = Field(
        default=16, ge=1, description="What the files may hold that it leaves, in MiB."
    )
    mcp_programs: dict[str, McpProgram] = Field(
        default_factory=dict[str, McpProgram],
        description=(
            "MCP servers that agents may start behind the wall, by name: "
            '{"notes": {"command": ["/opt/notes/server", "--read-only"], "folders": ["/srv/notes"], "secret": "TOKEN"}}.'
        ),
    )
    media_seconds: float = Field(
        default=600, gt=0, description="How long work at a video or sound may take, in seconds."
    )
    media_mb: int = Field(
        default=1024, ge=1, description="How large each such file may be, in MiB."
    )
    media_memory_mb: int = Field(
        default=4096, ge=256, description="What such work may use of addresses of memory, in MiB."
    )
    sandbox_warm: int = Field(
        default=2, ge=0, description="Sandboxes a worker keeps ready once it has run code."
    )
    max_sockets: int = Field(
        default=2_000, ge=1, description="WebSocket connections a process serves at once."
    )
    max_user_sockets: int = Field(
        default=100, ge=1, description="Of these, those that one person may have open."
    )
    socket_heartbeat: float = Field(
        default=20,
        ge=1,
        le=25,
        description="Seconds between signs of life on a WebSocket; who gives none for as long again is gone.",
    )
    max_subscriptions: int = Field(
        default=100, ge=1, description="Subscriptions one WebSocket may hold."
    )
    max_node_runs: int = Field(default=10_000, ge=1, description="Node runs one run may need.")
    max_journal_bytes: int = Field(
        default=256 * 1024 * 1024, ge=1024, description="Size of one run's journal, in bytes."
    )
    max_user_bytes: int | None = Field(
        default=None,
        ge=1024,
        description="What the runs and memories of one person may keep in all, in bytes; none for anything.",
    )
    max_memories: int = Field(
        default=20_000,
        ge=1,
        description="How many texts the agents of one person may remember by their meaning.",
    )
    memory_retention: timedelta | None = Field(
        default=None,
        description="How long texts are remembered, e.g. P365D; none for as long as nobody forgets them.",
    )
    retention: timedelta | None = Field(
        default=None,
        description="How long runs are kept after their end, e.g. P90D; none for ever.",
    )
    max_run_time: timedelta = Field(
        default=timedelta(hours=24), description="How long a run may be carried, waits not counted."
    )
    max_node_time: timedelta = Field(
        default=timedelta(hours=1),
        description="How long a node may take whose policy does not say.",
    )
    max_depth: int = Field(default=16, ge=1, description="How deep agents may be nested in agents.")
    max_crashes: int = Field(
        default=5,
        ge=1,
        description="Workers that may die over a run before it is stopped as poison.",
    )

    @property
    def reached_at(self) -> str:
        """Where people and other systems reach this installation."""
        return self.public_url or f"http://{self.host}:{self.port}"


def read_settings(over: Mapping[str, Any]) -> Settings:
    """Return the settings: what the environment says, and `over` it.

    Raises:
        SettingsInvalid: Some are wrong; what they are is not repeated, for it may be secret.
    """
    try:
        return Settings(**over)
    except ValidationError as error:
        wrong = "; ".join(
            f"AUTOGRAPH_{'__'.join(str(part) for part in one['loc']).upper()}: {one['msg']}"
            for one in error.errors(include_input=False, include_context=False, include_url=False)
        )
    except SettingsError as error:
        wrong = str(error)
    raise SettingsInvalid(f"Settings are wrong. {wrong}. docs/reference/settings.md has them all.")
