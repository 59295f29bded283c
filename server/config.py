"""Settings: read from `countersign.toml` and the environment, checked once, then handed to `server.app`.

Knows names, defaults and which combinations are unsafe. Starts nothing.
"""

from __future__ import annotations

import os
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator

from core.errors import ConfigurationError
from countersign import settings as client
from server.own_detectors import OwnDetector
from server.own_models import OwnModel
from server.sections import (
    Aigc,
    Detectors,
    LabelRule,
    Making,
    MediaLimits,
    Nsfw,
    PolicyRules,
    Retention,
    Section,
    Signing,
    Timestamps,
    Tls,
    Token,
    TrustedList,
    Watermarking,
    Witness,
)

ENVIRONMENT = {
    "COUNTERSIGN_ADDRESS": "address",
    "COUNTERSIGN_DATA_DIR": "data_dir",
    "COUNTERSIGN_DATABASE_URL": "database_url",
}


class Settings(Section):
    """Everything a server is started with.

    address: host:port of gRPC. data_dir: database, keys, outputs. database_url: sqlite:///PATH, by default a file in
    data_dir, or postgresql://USER@HOST/NAME, which several servers may share. policy: a table, or the path of
    the policy document alone. hash_list: path of the list of known content, default known.jsonl in data_dir.
    dsa_mapping: path of what exports of statements of reasons need to know (docs/exports.md). origin: the log's name in
    checkpoints. device: where generators run. metrics_address: host:port of Prometheus metrics, off when empty.
    parsers, threads: processes that parse media and threads that examine it. in_flight: decoded media at a time.
    max_pending: requests that may wait for a place before callers are told to come back. max_upload_bytes: uploads that
    are held at a time, all callers together. trust: lists of roots that are believed beside our own, each of its own
    name. retention: at most one table a tenant. labels: the first that fits holds.
    detectors: how they look. nsfw: whether pictures are scored for nudity. watermark: whether an output that holds no
    watermark may leave. models, classifiers: the operator's own, each of its own name.
    """

    address: str = client.DEFAULT_ADDRESS
    data_dir: Path = Field(default_factory=lambda: default_data_dir())
    database_url: str = ""
    policy: PolicyRules = PolicyRules()
    hash_list: Path | None = None
    dsa_mapping: Path | None = None
    metrics_address: str = ""
    origin: str = "countersign.local/log"
    device: str = "auto"
    parsers: int = Field(default_factory=lambda: max(2, os.cpu_count() or 2), gt=0)
    threads: int = Field(default_factory=lambda: max(2, os.cpu_count() or 2), gt=0)
    in_flight: int = Field(default_factory=lambda: 4 * (os.cpu_count() or 2), gt=0)
    max_pending: int = Field(default=256, gt=0)
    max_upload_bytes: int = Field(default=2 * 1024**3, gt=0)
    tls: Tls | None = None
    signing: Signing = Signing()
    trust: tuple[TrustedList, ...] = ()
    tokens: tuple[Token, ...] = ()
    limits: MediaLimits = MediaLimits()
    retention: tuple[Retention, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    timestamps: Timestamps | None = None
    watermark: Watermarking = Watermarking.PREFERRED
    making: Making = Making()
    models: tuple[OwnModel, ...] = ()
    classifiers: tuple[OwnDetector, ...] = ()
    labels: tuple[LabelRule, ...] = ()
    nsfw: Nsfw | None = None
    detectors: Detectors = Detectors()
    aigc: Aigc | None = None

    @field_validator("policy", mode="before")
    @classmethod
    def _path_alone(cls, value: Any) -> Any:
        """`policy = "FILE"`, as the first release had it."""
        return {"file": value} if isinstance(value, str | Path) else value

    @field_validator("retention")
    @classmethod
    def _one_rule_a_tenant(cls, rules: tuple[Retention, ...]) -> tuple[Retention, ...]:
        doubled = [tenant for tenant, count in Counter(rule.tenant for rule in rules).items() if count > 1]
        if doubled:
            raise ValueError(f"two tables for the tenant {doubled[0]!r}")
        return rules

    @field_validator("trust")
    @classmethod
    def _one_list_a_name(cls, lists: tuple[TrustedList, ...]) -> tuple[TrustedList, ...]:
        doubled = [name for name, count in Counter(one.name for one in lists).items() if count > 1]
        if doubled:
            raise ValueError(f"two lists of the name {doubled[0]!r}")
        return lists

    @field_validator("models")
    @classmethod
    def _one_model_a_name(cls, models: tuple[OwnModel, ...]) -> tuple[OwnModel, ...]:
        doubled = [name for name, count in Counter(model.name for model in models).items() if count > 1]
        if doubled:
            raise ValueError(f"two models of the name {doubled[0]!r}")
        return models

    @field_validator("classifiers")
    @classmethod
    def _one_classifier_a_name(cls, brought: tuple[OwnDetector, ...]) -> tuple[OwnDetector, ...]:
        doubled = [name for name, count in Counter(each.name for each in brought).items() if count > 1]
        if doubled:
            raise ValueError(f"two classifiers of the name {doubled[0]!r}")
        return brought

    @classmethod
    def load(cls, path: Path | None = None, environment: Mapping[str, str] = os.environ) -> Settings:
        """Reads the file (given, or named by COUNTERSIGN_CONFIG, or none), then the environment over it."""
        named = environment.get(client.CONFIG_VARIABLE)
        file = path or (Path(named) if named else None)
        values = read_file(file) if file else {}
        values |= {key: environment[name] for name, key in ENVIRONMENT.items() if environment.get(name)}
        try:
            settings = cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ConfigurationError(f"setting {where!r}: {first['msg']} (in {file or 'the environment'})") from error
        settings.refuse_unsafe()
        return settings

    def refuse_unsafe(self) -> None:
        """Off the loopback interface, nothing listens without TLS and authentication."""
        if not is_loopback(self.address) and not (self.tls and self.tokens):
            missing = " and ".join(name for name, there in (("tls", self.tls), ("tokens", self.tokens)) if not there)
            raise ConfigurationError(
                f"address {self.address!r} is reachable from other machines, but {missing} is not configured; "
                "set both, or listen on 127.0.0.1"
            )
        if self.metrics_address and not is_loopback(self.metrics_address):
            raise ConfigurationError(f"metrics_address {self.metrics_address!r} must be a loopback address")

    @property
    def known_content(self) -> Path:
        """The file with the list of known content, whether it exists or not."""
        return self.hash_list or self.data_dir / "known.jsonl"

    @property
    def url(self) -> str:
        """The database's SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{self.data_dir / 'countersign.db'}"


def read_file(path: Path) -> dict[str, Any]:
    """The [server] table of a TOML file; the client reads [client] from the same file."""
    try:
        return dict(tomllib.loads(path.read_text()).get("server", {}))
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not TOML: {error}") from error


def default_data_dir() -> Path:
    """`$XDG_DATA_HOME/countersign`, by the XDG Base Directory Specification."""
    base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / "countersign"


def split_address(address: str) -> tuple[str, int]:
    """("127.0.0.1", 50051) of "127.0.0.1:50051"; brackets of IPv6 are removed."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise ConfigurationError(f"address {address!r} is not host:port")
    return host.strip("[]"), int(port)


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach the address. Raises ConfigurationError where it is not host:port."""
    split_address(address)
    return client.is_loopback(address)
