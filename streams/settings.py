"""How this installation is run: where Kafka is, how to log in, how many partitions. Never what a truce means (`Terms`).

Values come from a TOML file ($TRUCE_SETTINGS, or a path), and from environment variables, which win: the variable of
`log_partitions` is TRUCE_LOG_PARTITIONS. A wrong value, and a name that is not known, stop the program at its start.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from streams.core.gazetteer import ListedPlaces, listed_places

PREFIX = "TRUCE_"
FILE_VARIABLE = "TRUCE_SETTINGS"
NOT_SETTINGS = frozenset(
    {FILE_VARIABLE, "TRUCE_CACHE", "TRUCE_NATIVE", "TRUCE_PEER", "TRUCE_SHARED_DATA", "TRUCE_FAILPOINTS", "TRUCE_WRITE_GOLDEN"}
)
"""Variables with our prefix that are no settings: the file's path, the gazetteer's cache, whether the native part is used, and
what only tests and measurements set."""

_TABLES = frozenset({"source_topics", "gazetteers"})
"""Settings that are written in TOML in a variable too."""

SECRETS = frozenset({"sasl_password"})
HOST_PORT = r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):\d{1,5}"

Seconds = Annotated[int, Meta(ge=1, le=86_400, description="a whole number of seconds, 1 to 86400")]
PemFile = Annotated[str, Meta(min_length=1, description="the path of a PEM file")]
Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Level = Literal["debug", "info", "warning", "error"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


class SettingsError(ValueError):
    """A setting is wrong; the message names it and says how to mend it, in one line."""


class Settings(Struct, frozen=True, kw_only=True):
    """`prefix` begins the names of consumer groups and transactions. `replication_factor` -1: what the broker has set.

    `source_topics` binds a source to the patterns of the topics that it may publish on; a source that it does not name
    may use any. `clock_skew_max_s` is how far ahead of its receipt a report may lie. `instance_id` keeps a worker's
    place in its group over a restart; it must differ between workers. With `signing_key_file` (Ed25519, PEM) changes of
    phase are signed; `truce verify` checks them with `public_key_file`. `gazetteers` are lists of
    places beside those of GeoNames and of the terms, with paths from the settings file or the working directory; all
    workers must have the same.
    """

    bootstrap: Annotated[
        str, Meta(pattern=rf"^{HOST_PORT}(,{HOST_PORT})*$", description="host:port of a broker, or several with commas")
    ] = "127.0.0.1:9092"
    security_protocol: Annotated[Protocol, Meta(description=f"one of {', '.join(get_args(Protocol))}")] = "PLAINTEXT"
    sasl_mechanism: Annotated[Mechanism, Meta(description=f"one of {', '.join(get_args(Mechanism))}")] | None = None
    sasl_username: Annotated[str, Meta(min_length=1, description="a user name")] | None = None
    sasl_password: Annotated[str, Meta(min_length=1, description="a password")] | None = None
    ssl_cafile: PemFile | None = None
    ssl_certfile: PemFile | None = None
    ssl_keyfile: PemFile | None = None
    prefix: Annotated[
        str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", description="small letters, digits, '.', '_' and '-'")
    ] = "truce"
    instance_id: (
        Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,100}$", description="letters, digits, '.', '_' and '-'")] | None
    ) = None
    log_partitions: Annotated[int, Meta(ge=1, le=10_000, description="a whole number of partitions, 1 or more")] = 4
    replication_factor: Annotated[
        int, Meta(ge=-1, le=1_000, description="a whole number of copies, or -1 for what the broker has set")
    ] = -1
    metadata_max_age_s: Seconds = 60
    tick_s: Seconds = 60
    stuck_after_s: Seconds = 120
    clock_skew_max_s: Annotated[int, Meta(ge=0, le=86_400, description="a whole number of seconds, 0 to 86400")] = 600
    metrics_host: Annotated[str, Meta(min_length=1, description="an address of this machine to listen on")] = "127.0.0.1"
    metrics_port: Annotated[int, Meta(ge=0, le=65_535, description="a port, or 0 for a free one")] = 9464
    metrics_targets: Annotated[str, Meta(min_length=1, description="a folder that Prometheus reads targets from")] | None = None
    log_level: Annotated[Level, Meta(description=f"one of {', '.join(get_args(Level))}")] = "info"
    signing_key_file: PemFile | None = None
    public_key_file: PemFile | None = None
    source_topics: Annotated[
        dict[str, list[str]], Meta(description='a table of lists, such as {"Field desk" = ["reports.field"]}')
    ] = {}
    gazetteers: Annotated[
        list[ListedPlaces],
        Meta(description='a list of tables, such as [{file = "SY.txt", format = "geonames"}]; see "Places" in the README'),
    ] = []

    def __repr__(self) -> str:
        shown = ((name, "***" if name in SECRETS and getattr(self, name) else getattr(self, name)) for name in FIELDS)
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown)})"

    def kafka_python(self) -> dict[str, Any]:
        """Keyword arguments for any client of kafka-python."""
        client = {"bootstrap_servers": self.bootstrap.split(","), "security_protocol": self.security_protocol} | self._sasl()
        if self.uses_tls:
            files = {"ssl_cafile": self.ssl_cafile, "ssl_certfile": self.ssl_certfile, "ssl_keyfile": self.ssl_keyfile}
            client |= {name: path for name, path in files.items() if path is not None}
        return client

    def aiokafka(self) -> dict[str, Any]:
        """Keyword arguments for any client of aiokafka."""
        client = {"bootstrap_servers": self.bootstrap.split(","), "security_protocol": self.security_protocol} | self._sasl()
        if self.uses_tls:
            from aiokafka.helpers import create_ssl_context

            client["ssl_context"] = create_ssl_context(
                cafile=self.ssl_cafile, certfile=self.ssl_certfile, keyfile=self.ssl_keyfile
            )
        return client

    @property
    def uses_tls(self) -> bool:
        return self.security_protocol in ("SSL", "SASL_SSL")

    @property
    def uses_sasl(self) -> bool:
        return self.security_protocol.startswith("SASL_")

    def _sasl(self) -> dict[str, Any]:
        if not self.uses_sasl:
            return {}
        return {
            "sasl_mechanism": self.sasl_mechanism,
            "sasl_plain_username": self.sasl_username,
            "sasl_plain_password": self.sasl_password,
        }


FIELDS: dict[str, Any] = {
    field.name: get_type_hints(Settings, include_extras=True)[field.name] for field in msgspec.structs.fields(Settings)
}
"""The type of every setting by its name, in the order in which they are documented."""


def load(path: str | Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the file (`path`, or $TRUCE_SETTINGS, if any) and the environment. Raises `SettingsError`."""
    environ = os.environ if environ is None else environ
    path = path or environ.get(FILE_VARIABLE) or None
    values = {} if path is None else _from_file(Path(path))
    _find_lists(values, Path() if path is None else Path(path).parent)
    from_environment = _from_environment(environ)
    _find_lists(from_environment, Path())
    settings = Settings(**values | from_environment)
    for fault in _faults(settings):
        raise SettingsError(fault)
    return settings


def _from_file(path: Path) -> dict[str, Any]:
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise SettingsError(f"{path}: settings cannot be read: {getattr(fault, 'strerror', None) or fault}") from None
    for name in written:
        if name not in FIELDS:
            raise SettingsError(f"{path}: {name} is not a setting{_nearest(name, list(FIELDS))}")
    return {name: _convert(name, value, f"{path}: {name}", strict=True) for name, value in written.items()}


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    variables = {PREFIX + name.upper(): name for name in FIELDS}
    values: dict[str, Any] = {}
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in NOT_SETTINGS:
            continue
        if variable not in variables:
            raise SettingsError(f"{variable} is not a setting{_nearest(variable, [*variables, FILE_VARIABLE])}")
        name = variables[variable]
        value: Any = environ[variable]
        if name in _TABLES:
            value = _inline_table(value, variable, name)
        values[name] = _convert(name, value, variable, strict=False)
    return values


def _convert(name: str, value: Any, where: str, strict: bool) -> Any:
    try:
        return msgspec.convert(value, FIELDS[name], strict=strict)
    except msgspec.ValidationError:
        shown = "the value" if name in SECRETS else repr(value)
        raise SettingsError(f"{where}: {shown} will not do; give {_wanted(FIELDS[name])}") from None


def _wanted(hint: Any) -> str:
    """What the setting's type asks for, in words."""
    if get_origin(hint) is Annotated:
        return next(meta.description for meta in get_args(hint)[1:] if isinstance(meta, Meta))
    return _wanted(get_args(hint)[0])


def _find_lists(values: dict[str, Any], folder: Path) -> None:
    """Paths of lists of places count from the folder of what names them."""
    if "gazetteers" in values:
        values["gazetteers"] = [
            msgspec.structs.replace(listed, file=str((folder / listed.file).resolve())) for listed in values["gazetteers"]
        ]


def _inline_table(text: str, variable: str, name: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        raise SettingsError(f"{variable}: {text!r} will not do; give {_wanted(FIELDS[name])}") from None


def _nearest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(known)}"


def _faults(settings: Settings) -> Iterator[str]:
    """What is wrong with settings that are each right."""
    protocol = settings.security_protocol
    for address in settings.bootstrap.split(","):
        if not 1 <= int(re.split(r":(?=\d+$)", address)[-1]) <= 65_535:
            yield f"bootstrap: {address} has no such port; give 1 to 65535"
    if settings.uses_sasl:
        for name in ("sasl_mechanism", "sasl_username", "sasl_password"):
            if getattr(settings, name) is None:
                yield f"{name} is missing; security_protocol {protocol} needs it (variable {PREFIX}{name.upper()})"
    elif settings.sasl_mechanism or settings.sasl_username or settings.sasl_password:
        yield f"sasl_ settings are given, but security_protocol {protocol} does not log in; use SASL_SSL or SASL_PLAINTEXT"
    files = {name: getattr(settings, name) for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile")}
    if not settings.uses_tls and any(files.values()):
        yield f"ssl_ settings are given, but security_protocol {protocol} does not encrypt; use SSL or SASL_SSL"
    for name, path in files.items():
        if path is not None and not Path(path).is_file():
            yield f"{name}: {path} is not a file; give {_wanted(PemFile)}"
    for name in ("signing_key_file", "public_key_file"):
        path = getattr(settings, name)
        if path is not None and not Path(path).is_file():
            yield f"{name}: {path} is not a file; give {_wanted(PemFile)}"
    try:
        listed_places(settings.gazetteers)
    except ValueError as fault:
        yield f"gazetteers: {fault}"
    if settings.ssl_keyfile and not settings.ssl_certfile:
        yield "ssl_keyfile is given without ssl_certfile; give both, or the key within the certificate's file"


__all__ = ["FIELDS", "Settings", "SettingsError", "load"]
