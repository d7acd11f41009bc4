"""Settings: from the environment, and from one optional TOML file named by `KHUPHO_CONFIG`.

The environment wins. A wrong value stops the program at start with an error that names the setting.
"""

import os
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

PREFIX = "KHUPHO_"
REPOSITORY = Path(__file__).resolve().parent.parent


class SettingsError(Exception):
    """A setting is missing, unknown or wrong. The text names it."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All there is to set. Each field is read from `KHUPHO_<NAME>` or `<name>` in the file.

    `database_url` is also read from plain `DATABASE_URL`. Without it an embedded PostgreSQL runs
    under `var_dir`. `media_url` is `file:///folder` or `s3://key:secret@host:port/bucket`.
    """

    public_url: str = "http://localhost:8000"
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8000
    server_processes: Annotated[int, Meta(ge=1, le=64)] = 1
    var_dir: Path = REPOSITORY / "var"
    pwa_dir: Path = REPOSITORY / "pwa" / "build"
    connections: Annotated[int, Meta(ge=64, le=100_000)] = 10_000
    """Open lines to phones a process, event streams included; beyond it new ones wait."""
    requests_at_once: Annotated[int, Meta(ge=1, le=10_000)] = 64
    """Requests a process works on at a time; the rest get 503 and `Retry-After`."""
    retry_after_seconds: Annotated[int, Meta(ge=1, le=3600)] = 5
    """The least that a busy server asks to wait for; each phone is told up to twice that."""
    database_url: str | None = None
    database_pool: Annotated[int, Meta(ge=2, le=200)] = 10
    media_url: str | None = None
    secret_key: Annotated[str, Meta(min_length=32)] | None = None
    default_language: Literal["vi", "fa", "en"] = "vi"
    contact: str = "mailto:khupho@localhost.invalid"
    push_hosts: tuple[str, ...] = ()
    push_test_origin: str | None = None
    tiles: Literal["none", "raster", "pmtiles"] = "none"
    tiles_url: str | None = None
    tiles_attribution: Annotated[str, Meta(max_length=200)] = ""
    """Whom the map pictures are owed to ("© OpenStreetMap contributors"); stands on every map."""
    upload_quota_bytes: Annotated[int, Meta(ge=1)] = 500 * 1024 * 1024
    proxies: Annotated[int, Meta(ge=0, le=5)] = 0
    """Reverse proxies of ours in front, each of which writes whom it serves into X-Forwarded-For.
    Limits of an address are for what the outermost one saw."""
    guests_per_hour: Annotated[int, Meta(ge=1)] = 20
    """People who begin to report without an account, from one block of addresses (/24, /48)."""
    guest_reports_per_hour: Annotated[int, Meta(ge=1)] = 6
    """Reports of one of them; how many a ward takes in all is one of the ward's own settings."""
    guest_messages_per_hour: Annotated[int, Meta(ge=1)] = 30
    guest_wrong_codes_per_hour: Annotated[int, Meta(ge=1)] = 20
    """Tracking codes that were wrong, from one block of addresses; then it has to wait."""
    guest_upload_bytes: Annotated[int, Meta(ge=1)] = 40 * 1024 * 1024
    """As `upload_quota_bytes`, of somebody without an account."""
    sms: Literal["off", "file", "http"] = "file"
    """How texts to callers go out: not at all, as lines under `var_dir/sms`, or by a gateway."""
    sms_url: str | None = None
    """Where the gateway takes `{"to", "text", "sender"}`; https, or http on this machine."""
    sms_key: str | None = None
    """Sent to it as `Authorization: Bearer`."""
    sms_sender: Annotated[str, Meta(max_length=40)] = ""
    """The name or number a text comes from, as agreed with the gateway."""
    sms_timeout_seconds: Annotated[float, Meta(gt=0, le=60)] = 10.0
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    failpoints: str | None = None
    """For the fault tests only, see `backend.failpoints`."""

    @property
    def secure(self) -> bool:
        """True when people reach us over HTTPS: cookies are then `__Host-` and `Secure`."""
        return urlsplit(self.public_url).scheme == "https"

    @property
    def tiles_origin(self) -> str | None:
        """Where map pictures may be loaded from besides ourselves."""
        parts = urlsplit(self.tiles_url or "")
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None

    @property
    def origin(self) -> str:
        """The one origin whose pages may write, e.g. `https://khupho.example`."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Read and check all settings.

    Raises:
        SettingsError: naming the setting and what is wrong with it.
    """
    values: dict[str, object] = {}
    config = environment.get(PREFIX + "CONFIG")
    if config:
        try:
            values.update(tomllib.loads(Path(config).read_text("utf-8")))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"{PREFIX}CONFIG: cannot read {config}: {error}") from error
    if environment.get("DATABASE_URL"):
        values["database_url"] = environment["DATABASE_URL"]
    for name in Settings.__struct_fields__:
        text = environment.get(PREFIX + name.upper())
        if text is not None and text != "":
            values[name] = text.split(",") if name == "push_hosts" else text
    for name in environment:
        if name.startswith(PREFIX) and not _is_known(name.removeprefix(PREFIX).lower()):
            raise SettingsError(f"{name}: there is no such setting")
    if "port" in values:
        values.setdefault("public_url", f"http://localhost:{values['port']}")
    try:
        settings = msgspec.convert(values, Settings, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise SettingsError(_name_the_setting(str(error), values)) from error
    _check_together(settings)
    return settings


def _is_known(name: str) -> bool:
    return name in Settings.__struct_fields__ or name in {"config"} or name.startswith("test_")


def _decode(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value)).expanduser().resolve()
    raise NotImplementedError


def _name_the_setting(message: str, values: Mapping[str, object]) -> str:
    """`Expected int >= 0 - at `$.port`` becomes `KHUPHO_PORT='x': Expected …`."""
    if "`$." in message:
        reason, _, path = message.partition(" - at `$.")
        name = path.rstrip("`").split(".")[0].split("[")[0]
        shown = (
            ""
            if name in {"secret_key", "database_url", "media_url", "sms_key"}
            else f"={values[name]!r}"
        )
        return f"{PREFIX}{name.upper()}{shown}: {reason}"
    return message


def _check_together(settings: Settings) -> None:
    parts = urlsplit(settings.public_url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise SettingsError(
            f"{PREFIX}PUBLIC_URL: must be http(s)://host, is {settings.public_url!r}"
        )
    if settings.tiles != "none" and not settings.tiles_url:
        raise SettingsError(f"{PREFIX}TILES_URL: needed when {PREFIX}TILES={settings.tiles}")
    if settings.sms == "http":
        gateway = urlsplit(settings.sms_url or "")
        here = gateway.hostname in {"127.0.0.1", "::1", "localhost"}
        if not gateway.netloc or gateway.scheme not in ({"http", "https"} if here else {"https"}):
            raise SettingsError(
                f"{PREFIX}SMS_URL: needed when {PREFIX}SMS=http: https://…, or http:// on this host"
            )
    if settings.database_url and not settings.database_url.startswith(
        ("postgresql://", "postgres://")
    ):
        raise SettingsError("DATABASE_URL: must start with postgresql://")
    if settings.media_url and urlsplit(settings.media_url).scheme not in {"file", "s3"}:
        raise SettingsError(f"{PREFIX}MEDIA_URL: must start with file:// or s3://")


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process."""
    return load_settings(os.environ)
