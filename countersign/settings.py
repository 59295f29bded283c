"""Where the server is and how to reach it: the [client] table of `countersign.toml`, then the environment.

Knows names, defaults and which combinations are unsafe. Opens no connection: see `countersign.connection`.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from countersign.errors import ConfigurationError

CONFIG_VARIABLE = "COUNTERSIGN_CONFIG"
ENVIRONMENT = {"COUNTERSIGN_ADDRESS": "address", "COUNTERSIGN_TOKEN": "token", "COUNTERSIGN_CA": "ca"}
DEFAULT_ADDRESS = "127.0.0.1:50051"


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """address: host:port. token: bearer token, or empty. ca: PEM file of the authorities to trust; turns TLS on."""

    address: str = DEFAULT_ADDRESS
    token: str = ""
    ca: Path | None = None

    @classmethod
    def load(cls, path: Path | None = None, environment: Mapping[str, str] = os.environ) -> ClientSettings:
        """Reads the file (given, or named by COUNTERSIGN_CONFIG, or none), then the environment over it.

        Raises ConfigurationError, naming the setting.
        """
        named = environment.get(CONFIG_VARIABLE)
        file = path or (Path(named) if named else None)
        settings = cls()
        if file:
            settings = settings.override(**read_table(file))
            if settings.ca:
                # A path in a file is meant from where the file stands, not from where the command was typed.
                settings = replace(settings, ca=file.parent / settings.ca)
        return settings.override(**{key: environment.get(name) for name, key in ENVIRONMENT.items()})

    def override(
        self, *, address: str | None = None, token: str | None = None, ca: str | None = None
    ) -> ClientSettings:
        """These settings with the given, non-empty values in their place."""
        return ClientSettings(address or self.address, token or self.token, Path(ca) if ca else self.ca)

    def refuse_unsafe(self) -> None:
        """A token MUST NOT travel in plain text beyond this machine."""
        if self.token and not self.ca and not is_loopback(self.address):
            raise ConfigurationError(
                f"a token would travel to {self.address} in plain text; set ca (COUNTERSIGN_CA) to use TLS", field="ca"
            )


def read_table(path: Path) -> dict[str, str]:
    """The [client] table of a TOML file. A misspelt key is an error, not a silent default."""
    try:
        table: Any = tomllib.loads(path.read_text(encoding="utf-8")).get("client", {})
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}", field="config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not TOML: {error}", field="config") from error
    known = set(ENVIRONMENT.values())
    if not isinstance(table, dict):
        raise ConfigurationError(f"{path}: client is not a table", field="config")
    for key, value in table.items():
        if key not in known or not isinstance(value, str):
            expected = ", ".join(sorted(known))
            raise ConfigurationError(
                f"{path}: [client] takes {expected} as strings, not {key!r} = {value!r}", field=key
            )
    return table


def is_loopback(address: str) -> bool:
    """Whether "host:port" can only be this machine. A name other than localhost may be any machine."""
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
