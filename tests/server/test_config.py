from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigurationError
from generators.own.settings import OwnWeights
from server.config import Settings, is_loopback, split_address
from server.sections import EVERYBODY

TOKEN = f'{{ name = "edge", sha256 = "{"0" * 64}", tenant = "acme", roles = ["screen"] }}'

SPANDREL = "[[server.models]]\nname = 'own'\nkind = 'spandrel'\npath = 'a'\n"


def write(folder: Path, text: str) -> Path:
    file = folder / "countersign.toml"
    file.write_text(text)
    return file


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, '[server]\naddress = "127.0.0.1:1"\nthreads = 3\n')
    settings = Settings.load(file, {"COUNTERSIGN_ADDRESS": "127.0.0.1:2", "COUNTERSIGN_DATA_DIR": str(tmp_path)})
    assert (settings.address, settings.threads, settings.data_dir) == ("127.0.0.1:2", 3, tmp_path)
    assert settings.url == f"sqlite:///{tmp_path}/countersign.db"


def test_the_file_may_be_named_by_the_environment(tmp_path: Path) -> None:
    file = write(tmp_path, "[server]\nparsers = 7\n")
    assert Settings.load(environment={"COUNTERSIGN_CONFIG": str(file)}).parsers == 7


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[server]\nadress = '127.0.0.1:1'\n", "adress"),
        ("[server]\nthreads = 0\n", "threads"),
        ("[server.limits]\nmax_pixels = 'many'\n", "limits.max_pixels"),
        ("[server]\naddress = 'nowhere'\n", "host:port"),
        ("[server", "not TOML"),
        ("[server]\naddress = '0.0.0.0:50051'\n", "tls and tokens"),
        (f"[server]\naddress = '0.0.0.0:50051'\ntokens = [{TOKEN}]\n", "tls is not configured"),
        ("[server]\nmetrics_address = '0.0.0.0:9464'\n", "metrics_address"),
        ("[[server.retention]]\ntenant = 'acme'\n", "evidence_days, private_days or both"),
        ("[[server.retention]]\ntenant = 'acme'\nevidence_days = 0\n", "retention.0.evidence_days"),
        ("[[server.retention]]\ntenant = 'acme'\nprivate_days = 30\n", "must not outlive"),
        ("[[server.retention]]\ntenant = 'acme'\nprivate_days = 30\nevidence_days = 31\n", "must not outlive"),
        ("[[server.retention]]\ntenant = '.operator'\nevidence_days = 1\n", "retention.0.tenant"),
        ("[[server.retention]]\ntenant = '*'\nevidence_days = 1\n" * 2, "two tables for the tenant '\\*'"),
        ("[[server.witnesses]]\nurl = 'witness.example'\nkey = 'k'\n", "witnesses.0.url"),
        ("[[server.labels]]\ncode = '*'\n", "a label needs a text or a mark"),
        ("[[server.labels]]\ncode = '*'\ntext = 'ذكاء'\n", "labels.0.*fonts here lack"),
        ("[[server.labels]]\ncode = '*'\ntext = 'AI'\nplacement = 'middle'\n", "labels.0.placement"),
        ("[[server.labels]]\ncode = '*'\ntext = 'AI'\njurisdictions = ['CN']\n", "GB 45438-2025.*生成"),
        ("[[server.labels]]\ncode = '*'\ntext = 'AI'\njurisdictions = ['china']\n", "labels.0.jurisdictions"),
        ("[server.aigc]\nproducer = ''\n", "aigc.producer"),
        ("[server.aigc]\nproducer = 'a'\nreserved_code_1 = \"a\\nb\"\n", "aigc.reserved_code_1"),
        ("[server.timestamps]\nurl = 'http://tsa.example'\n", "timestamps.roots"),
        ("[server.making]\nmax_batch = 0\n", "making.max_batch"),
        ("[[server.models]]\nname = 'own'\nunpinned = true\n", "either path or hub"),
        ("[[server.models]]\nname = 'own'\nunpinned = true\npath = 'a'\nhub = 'b/c'\n", "either path or hub"),
        ("[[server.models]]\nname = 'own'\npath = 'a'\n", "unpinned = true"),
        (f"[[server.models]]\nname = 'own'\npath = 'a'\nunpinned = true\nsha256 = '{'0' * 64}'\n", "unpinned = true"),
        ("[[server.models]]\nname = 'own'\npath = 'a'\nsha256 = 'short'\n", "models.0.sha256"),
        ("[[server.models]]\nname = 'Own'\npath = 'a'\nunpinned = true\n", "models.0.name"),
        (f"{SPANDREL}unpinned = true\n", "unpinned is a setting of the kind 'diffusers'"),
        (f"{SPANDREL}sha256 = '{'0' * 64}'\nmax_steps = 4\n", "max_steps is a setting of the kind 'diffusers'"),
        ("[[server.models]]\nname = 'own'\npath = 'a'\nunpinned = true\ntask = 'denoise'\n", "task is a setting"),
        (f"{SPANDREL}sha256 = '{'0' * 64}'\nprofiles = ['medical']\n", "for 'photo' alone, not for medical"),
        (f"{SPANDREL}sha256 = '{'0' * 64}'\nprofiles = ['x-ray']\n", "models.0.profiles"),
        (f"{SPANDREL}sha256 = '{'0' * 64}'\ntile = 8\n", "models.0.tile"),
        ("[[server.models]]\nname = 'own'\nkind = 'ckpt'\npath = 'a'\nunpinned = true\n", "models.0.kind"),
        ("[[server.models]]\nname = 'own'\npath = 'a'\nunpinned = true\nallow_download = true\n", "of a hub"),
        ("[[server.models]]\nname = 'own'\npath = 'a'\nunpinned = true\n" * 2, "two models of the name 'own'"),
    ],
)
def test_a_bad_setting_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        Settings.load(write(tmp_path, text), {})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="absent.toml"):
        Settings.load(tmp_path / "absent.toml", {})


def test_other_machines_are_served_with_tls_and_tokens(tmp_path: Path) -> None:
    text = f"""[server]
address = "0.0.0.0:50051"
tls = {{ certificate = "server.pem", key = "server.key" }}
tokens = [{TOKEN}]
"""
    assert Settings.load(write(tmp_path, text), {}).tokens[0].tenant == "acme"


def test_what_is_kept_and_who_vouches_is_configured(tmp_path: Path) -> None:
    text = """[[server.retention]]
tenant = "*"
evidence_days = 180

[[server.retention]]
tenant = "acme"
evidence_days = 30
private_days = 365

[[server.witnesses]]
url = "https://witness.example"
key = "witness.example+0123abcd+AAAA"

[server.timestamps]
url = "http://tsa.example"
roots = "tsa.pem"
"""
    settings = Settings.load(write(tmp_path, text), {})
    everybody, acme = settings.retention
    assert (everybody.tenant, everybody.evidence_days, everybody.private_days) == (EVERYBODY, 180, None)
    assert (acme.tenant, acme.private_days) == ("acme", 365)
    assert settings.witnesses[0].url == "https://witness.example"
    assert settings.timestamps is not None
    assert settings.timestamps.interval == 3600


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("127.0.0.1:1", True),
        ("127.8.8.8:1", True),
        ("[::1]:1", True),
        ("localhost:1", True),
        ("0.0.0.0:1", False),
        ("[::]:1", False),
        ("192.0.2.1:1", False),
        ("example.com:1", False),
    ],
)
def test_loopback(address: str, loopback: bool) -> None:
    assert is_loopback(address) is loopback


def test_split_address() -> None:
    assert split_address("[::1]:50051") == ("::1", 50051)


def test_a_brought_network_is_handed_on_with_all_that_was_said_of_it(tmp_path: Path) -> None:
    text = (
        f"{SPANDREL}sha256 = '{'0' * 64}'\nperceptual = false\nprofiles = ['photo', 'medical']\ntile = 64\nmargin = 8\n"
    )
    (model,) = Settings.load(write(tmp_path, text + "task = 'denoise'\nlicence = 'MIT'\n"), {}).models
    assert model.on("cpu") == OwnWeights(
        *("own", Path("a"), "0" * 64, "denoise"),
        perceptual=False,
        profiles=frozenset({"photo", "medical"}),
        licence="MIT",
        device="cpu",
        tile=64,
        margin=8,
    )


def test_detectors_look_once_unless_they_are_told(tmp_path: Path) -> None:
    assert not Settings.load(environment={}).detectors.redeliveries
    told = write(tmp_path, "[server.detectors]\nredeliveries = true\n")
    assert Settings.load(told, {}).detectors.redeliveries
    with pytest.raises(ConfigurationError, match=r"detectors\.again"):
        Settings.load(write(tmp_path, "[server.detectors]\nagain = true\n"), {})
