"""The command line as a whole: help, plug-ins, configuration, and how little it imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import grpc
import pytest
import typer
from typer.testing import CliRunner

import countersign
from countersign.cli.anywhere import fronted, own_options
from countersign.cli.app import COMMANDS, build_app
from tests.client.conftest import Command
from tests.client.fake_parts import status
from tests.client.fake_server import FakeServer

ROOT = Path(__file__).resolve().parents[2]
CHOOSING = ["--since", "--until", "--action", "--detector", "--label", "--reason", "--min-score", "--max-score"]
CHOOSING += ["--digest", "--subject", "--state"]
SURFACE = {
    "screen": ["--json", "--receipt-dir", "--evidence", "--surface", "--jurisdiction", "--subject"],
    "enhance": [
        "--task",
        "--model",
        "--param",
        "--seed",
        "--comparison",
        "--risk-map",
        "--receipt",
        "--force",
        "--json",
    ],
    "inspect": ["--json", "--crjson"],
    "verify": ["--media", "--log-key", "--json"],
    "log list": [*CHOOSING, "--limit", "--json"],
    "log follow": [*CHOOSING, "--after", "--limit", "--json"],
    "log intents": ["--older-than", "--limit", "--json"],
    "log checkpoint": ["--witnessed", "--json"],
    "review": ["--action", "--reason", "--note", "--seen", "--json"],
    "appeal": ["--reason", "--statement", "--appellant", "--json"],
    "erase": ["--yes", "--json"],
    "log show": ["--json"],
    "log receipt": ["--output", "--force", "--witnessed"],
    "log export": ["--receipts", "--output", "--force"],
    "models list": ["--role", "--json"],
}


@pytest.mark.parametrize("words", SURFACE)
def test_help_names_every_option(command: Command, words: str) -> None:
    result = command(*words.split(), "--help")
    assert result.exit_code == 0
    for option in SURFACE[words]:
        assert option in result.stdout


def attach_extra(app: typer.Typer, groups: dict[str, typer.Typer]) -> None:
    """A plug-in's hook, named by the entry points below."""

    @app.command("extra")
    def extra() -> None:
        typer.echo("extra works")

    @groups["log"].command("check")
    def check() -> None:
        typer.echo("check works")


def test_plugins_add_commands_and_a_broken_one_costs_nothing_else() -> None:
    here = "tests.client.test_cli_app"
    values = {"good": f"{here}:attach_extra", "gone": "no.such.module:attach", "empty": f"{here}:nothing"}
    plugins = [EntryPoint(name, value, COMMANDS) for name, value in values.items()]
    app = build_app(plugins)
    assert "extra works" in CliRunner().invoke(app, ["extra"]).stdout
    assert "check works" in CliRunner().invoke(app, ["log", "check"]).stdout
    assert CliRunner().invoke(app, ["log", "list", "--help"]).exit_code == 0


def test_a_broken_plugin_is_named_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    build_app([EntryPoint("gone", "no.such.module:attach", COMMANDS)])
    captured = capsys.readouterr()
    assert "the commands of 'gone' are not available" in captured.err
    assert captured.out == ""


def test_groups_without_commands_are_not_shown(command: Command) -> None:
    assert command("db", "upgrade").exit_code == 2


def test_address_comes_from_option_then_environment_then_file(
    server: FakeServer, command: Command, tmp_path: Path
) -> None:
    config = tmp_path / "countersign.toml"
    config.write_text(f'[client]\naddress = "{server.address}"\n[server]\naddress = "127.0.0.1:2"\n')
    nobody = "127.0.0.1:1"
    for words, environment, code in (
        (["--config", config], "", 0),
        (["--config", config], nobody, 3),
        (["--config", config, "--address", server.address], nobody, 0),
    ):
        result = command(*words, "--timeout", "2", "models", "list", "--json", COUNTERSIGN_ADDRESS=environment)
        assert result.exit_code == code


def test_global_options_may_stand_before_or_behind_the_command(
    server: FakeServer, command: Command, tmp_path: Path
) -> None:
    config = tmp_path / "countersign.toml"
    config.write_text(f'[client]\naddress = "{server.address}"\n')
    nobody = "127.0.0.1:1"
    for words in (
        ("--config", config, "models", "list"),
        ("models", "--config", config, "list"),
        ("models", "list", "--config", config),
        ("models", "list", f"--config={config}", "--timeout", "2"),
        ("models", "list", "--json", "--address", server.address),
    ):
        assert command(*words, COUNTERSIGN_ADDRESS="").exit_code == 0, words
    last = command("--address", server.address, "models", "list", "--address", nobody, "--timeout", "2")
    assert last.exit_code == 3  # the last of several counts


def test_a_global_option_without_a_value_is_told(command: Command) -> None:
    result = command("models", "list", "--config")
    assert result.exit_code == 2
    assert "--config needs a value" in result.stderr


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["serve", "--config", "a"], ["--config", "a", "serve"]),
        (["--timeout", "1", "serve", "--config=a", "x"], ["--timeout", "1", "--config=a", "serve", "x"]),
        (["verify", "--", "--config"], ["verify", "--", "--config"]),
        (["verify", "--configs", "a"], ["verify", "--configs", "a"]),
    ],
)
def test_what_is_brought_to_the_front(words: list[str], found: list[str]) -> None:
    assert fronted(words, ["--config", "--timeout"]) == found


def test_a_command_keeps_an_option_of_its_own_that_has_a_global_name(command: Command, tmp_path: Path) -> None:
    key = tmp_path / "missing.toml"
    result = command("witness", "serve", "--address", "nonsense", key)
    assert result.exit_code == 2
    assert "No such option" not in result.stderr
    group = typer.main.get_command(build_app())
    assert "--address" in own_options(group, ["witness", "serve", "--address", "127.0.0.1:0"])
    assert own_options(group, ["--help"]) == set()


def test_the_token_is_sent_and_never_shown(server: FakeServer, command: Command) -> None:
    assert command("models", "list", COUNTERSIGN_TOKEN="secret").exit_code == 0  # noqa: S106
    assert server.tokens == ["Bearer secret"]
    assert "--token" not in command("--help").stdout


def test_a_bad_setting_is_2_and_named(command: Command, tmp_path: Path) -> None:
    config = tmp_path / "countersign.toml"
    config.write_text('[client]\nadress = "127.0.0.1:1"\n')
    result = command("--config", config, "models", "list", "--json")
    assert result.exit_code == 2
    assert "'adress'" in json.loads(result.stdout)["error"]["message"]


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [("UNAUTHENTICATED", 2), ("PERMISSION_DENIED", 2), ("FAILED_PRECONDITION", 2), ("INTERNAL", 3)],
)
def test_every_error_has_its_exit_code(server: FakeServer, command: Command, code: str, exit_code: int) -> None:
    server.failures["ListModels"] = [status(grpc.StatusCode[code], "why")]
    result = command("models", "list", "--json")
    assert result.exit_code == exit_code
    assert json.loads(result.stdout)["error"]["code"] == code
    assert f"{code}: why" in result.stderr


def python(*arguments: str, path: Path | None = None) -> Any:
    """A fresh interpreter, with `path` before everything else."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, filter(None, [path, ROOT])))}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


# What pyproject.toml lists for the client, and what these bring along.
OURS = {"countersign", "grpc", "grpc_status", "google", "cryptography", "typer", "rich"}
THEIRS = {"typing_extensions", "_cffi_backend", "cffi", "markdown_it", "mdurl", "pygments"}
# Of typer, which parses options with click or pydantic, depending on its release.
THEIRS |= {"annotated_doc", "annotated_types", "click", "pydantic", "pydantic_core", "shellingham", "typing_inspection"}

# Nothing else can be imported: what a library takes only where it is installed, the client must do without.
CONFINED = """
import sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in allowed and not name.startswith("_sysconfigdata"):
            raise ModuleNotFoundError(f"{name} is not the client's", name=name)
allowed = set(sys.argv.pop(1).split(",")) | set(sys.stdlib_module_names)
sys.meta_path.insert(0, Nothing())
from countersign.cli.anywhere import fronted, own_options
from countersign.cli.app import build_app
build_app()(args=sys.argv[1:])
"""


@pytest.mark.parametrize("words", [["screen", "photo.png"], ["log", "list"], ["models", "list"], ["--help"]])
def test_commands_need_only_what_the_client_requires(server: FakeServer, photo: Path, words: list[str]) -> None:
    result = python("-c", CONFINED, ",".join(OURS | THEIRS), "--address", server.address, *words)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout


def test_who_verifies_needs_no_grpc() -> None:
    script = (
        "import sys; import countersign.verify.case, countersign.witness, countersign.mirror\n"
        "assert not {'grpc', 'google', 'typer'} & sys.modules.keys()\n"
        "from countersign import Client, CountersignError\n"
        "import countersign.client\n"
        "assert Client is countersign.client.Client\n"
    )
    assert python("-c", script).stderr == ""
    with pytest.raises(AttributeError, match="'clint'"):
        getattr(countersign, "clint")  # noqa: B009 - mypy knows that there is none


def test_the_confinement_confines() -> None:
    result = python("-c", CONFINED, ",".join((OURS | THEIRS) - {"grpc"}), "--help")
    assert "grpc is not the client's" in result.stderr
    assert result.returncode == 1


def test_the_installed_command_finds_version_and_plugins(tmp_path: Path) -> None:
    info = tmp_path / "countersign-9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: countersign\nVersion: 9.9\n")
    (info / "entry_points.txt").write_text(f"[{COMMANDS}]\nserver = tests.client.test_cli_app:attach_extra\n")
    assert python("-m", "countersign", "--version", path=tmp_path).stdout == "9.9\n"
    assert python("-m", "countersign", "extra", path=tmp_path).stdout == "extra works\n"
