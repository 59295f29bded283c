"""What the documents name exists, and what exists is documented."""

from __future__ import annotations

import re
import shlex
import tomllib
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.core import TyperGroup

from countersign.cli.app import COMMANDS, build_app
from server.auth import METHOD_ROLES, ROLES, Authenticator
from server.config import ENVIRONMENT, Settings
from server.health import FILES
from server.metrics import Metrics
from server.own_detectors import OwnDetector
from server.own_models import OwnModel
from server.sections import (
    Aigc,
    Hsm,
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
    Training,
    TrustedList,
    Witness,
)

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TEXT = "\n".join(document.read_text() for document in DOCUMENTS)
OPERATIONS = (ROOT / "docs/operations.md").read_text()


def command_line() -> TyperGroup:
    group = typer.main.get_command(build_app(entry_points(group=COMMANDS)))
    assert isinstance(group, TyperGroup)
    return group


def find(words: list[str]) -> Any:
    """The command that a typed line names, None when there is none."""
    command: Any = command_line()
    for word in words:
        if not isinstance(command, TyperGroup):
            return command
        if word not in command.commands:
            return None
        command = command.commands[word]
    return command


def documented_commands() -> list[str]:
    fenced = re.findall(r"```(?:sh|console)\n(.*?)```", TEXT, re.DOTALL)
    lines = [line.removeprefix("$ ") for block in fenced for line in block.splitlines()]
    inline = re.findall(r"`(countersign [^`]+)`", TEXT)
    return sorted({line.split("#")[0].strip() for line in lines + inline if "countersign " in line[:13]})


@pytest.mark.parametrize("line", documented_commands())
def test_every_documented_command_exists_with_its_options(line: str) -> None:
    words = shlex.split(line)[1:]
    command = find([word for word in words if not word.startswith("-")])
    assert command is not None, line
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    known |= {option for parameter in command_line().params for option in parameter.opts}
    used = {word.split("=")[0] for word in words if re.fullmatch(r"--?[a-z][a-z-]*(=.*)?", word)}
    assert used <= known | {"--help"}, line


def test_every_rpc_stands_in_the_readme_and_nothing_else_does() -> None:
    readme = (ROOT / "README.md").read_text()
    services = {name: each for file in FILES for name, each in file.DESCRIPTOR.services_by_name.items()}
    table = re.findall(r"^\| (?:`(\w+)` )?\| `(\w+)` \|", readme, re.MULTILINE)
    documented, current = set(), ""
    for service, method in table:
        current = service or current
        documented.add((current, method))
    assert documented == {(name, each.name) for name, service in services.items() for each in service.methods}


SECTIONS = (
    Tls,
    Token,
    MediaLimits,
    Retention,
    Witness,
    Timestamps,
    LabelRule,
    Aigc,
    PolicyRules,
    Making,
    OwnModel,
    OwnDetector,
    Nsfw,
)


@pytest.mark.parametrize("model", [Settings, *SECTIONS])
def test_every_setting_is_documented(model: type[Section]) -> None:
    missing = [name for name in model.model_fields if f"`{name}`" not in OPERATIONS]
    assert missing == []


@pytest.mark.parametrize("model", [Signing, Hsm, Training, TrustedList])
def test_every_setting_of_signing_is_documented(model: type[Section]) -> None:
    signing = (ROOT / "docs/signing.md").read_text()
    assert [name for name in model.model_fields if f"`{name}`" not in signing] == []


def test_the_example_of_signing_is_one() -> None:
    examples = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/signing.md").read_text(), re.DOTALL)
    assert examples
    for example in examples:
        Settings.model_validate(tomllib.loads(example)["server"])


def test_every_role_is_documented_with_what_it_allows() -> None:
    table = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", OPERATIONS.split("| Role |")[1], re.MULTILINE))
    assert table.keys() >= ROLES
    for role in ROLES:
        methods = [method.split("/")[-1] for method, needed in METHOD_ROLES.items() if role in needed]
        services = {method.split("/")[1].split(".")[-1] for method, needed in METHOD_ROLES.items() if role in needed}
        whole = all(f"everything of `{service}`" in table[role] for service in services)
        assert whole or set(re.findall(r"`(\w+)`", table[role])) == set(methods), role


def test_the_example_configuration_is_one() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", OPERATIONS, re.DOTALL)
    Settings.model_validate(tomllib.loads(example)["server"])


def test_the_example_of_a_second_person_lets_each_take_a_step_and_no_two() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/policy-life.md").read_text(), re.DOTALL)
    tokens = Settings.model_validate(tomllib.loads(example)["server"]).tokens
    Authenticator(tokens)
    steps = [f"/countersign.v1.PolicyService/{step}Policy" for step in ("Propose", "Approve", "Activate")]
    allowed = [[step for step in steps if METHOD_ROLES[step] & token.roles] for token in tokens]
    assert allowed == [[step] for step in steps]


def test_every_environment_variable_in_the_documents_is_read_and_the_reverse() -> None:
    client = (ROOT / "countersign/settings.py").read_text()
    read = {*ENVIRONMENT, *re.findall(r"COUNTERSIGN_[A-Z_]+", client)}
    assert set(re.findall(r"COUNTERSIGN_[A-Z_]+", TEXT)) == read


def test_every_metric_is_documented() -> None:
    names = {metric.name for metric in Metrics().registry.collect()}
    missing = [name for name in sorted(names) if name not in OPERATIONS]
    assert missing == []


def test_every_link_and_picture_leads_somewhere() -> None:
    broken = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in DOCUMENTS
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text())
        if not target.startswith(("http", "mailto")) and not (document.parent / target).exists()
    ]
    assert broken == []


def test_every_file_named_in_the_documents_exists() -> None:
    pattern = r"`((?:core|detectors|generators|policies|server|training|migrations|countersign|tests|docs)/[\w./-]+)`"
    assert [name for name in re.findall(pattern, TEXT) if not (ROOT / name).exists()] == []


def test_every_make_target_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)`", TEXT)) | set(re.findall(r"^make ([a-z]+)", TEXT, re.MULTILINE))
    assert named <= targets


def test_the_default_limits_in_the_documents_are_the_real_ones() -> None:
    limits = MediaLimits()
    size, pixels = f"{limits.max_bytes >> 20} MiB", f"{limits.max_pixels // 1_000_000} million"
    hours, seconds = f"{limits.max_duration / 3600:g} hours", f"{limits.max_seconds:g} for parsing"
    assert f"`max_bytes` {size}, `max_pixels` {pixels}, `max_duration` {hours}, `max_seconds` {seconds}" in OPERATIONS
