"""Of strangers' drawings those are kept that say themselves that they may be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from core.errors import CorruptMedia
from training.corpora import clipart, sprites
from training.corpora.clipart import FOLDER, PACKAGE, PUBLIC_DOMAIN, VERSION, build, manifest, said
from training.corpora.debian import DebianPackages

DOMAIN = "http://web.resource.org/cc/PublicDomain"


def drawing(title: str = "a jigsaw", licences: tuple[str, ...] = (DOMAIN,), colour: str = "red") -> bytes:
    stated = "".join(f'<cc:license rdf:resource="{licence}"/>' for licence in licences)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><metadata>'
        '<rdf:RDF xmlns:cc="http://web.resource.org/cc/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><cc:Work>'
        f"<dc:title> {title}\n</dc:title><dc:subject><rdf:Bag><rdf:li>toy</rdf:li><rdf:li/><rdf:li>shape</rdf:li>"
        f"</rdf:Bag></dc:subject><dc:creator><cc:Agent><dc:title>Somebody</dc:title></cc:Agent></dc:creator>{stated}"
        f"</cc:Work></rdf:RDF></metadata><rect width='9' height='9' fill='{colour}'/></svg>"
    ).encode()


def packaged(cache: Path, files: dict[str, bytes]) -> DebianPackages:
    """The package, as if it had been downloaded and unpacked."""
    root = cache / "packages" / f"{PACKAGE}_{VERSION.replace(':', '%3a')}" / FOLDER
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return DebianPackages(cache / "packages")


def test_a_drawing_says_what_it_is() -> None:
    assert said(drawing()) == clipart.Said("a jigsaw", ("shape", "toy"), PUBLIC_DOMAIN)


@pytest.mark.parametrize(
    ("licences", "found"),
    [
        ((), ""),
        (("",), ""),
        ((DOMAIN, DOMAIN), PUBLIC_DOMAIN),
        (("http://creativecommons.org/licenses/GPL/2.0/",), "http://creativecommons.org/licenses/GPL/2.0/"),
        ((DOMAIN, "http://creativecommons.org/licenses/GPL/2.0/"), None),
    ],
)
def test_only_one_clear_statement_counts(licences: tuple[str, ...], found: str | None) -> None:
    licence = said(drawing(licences=licences)).licence
    assert (licence in sprites.PERMITTED_LICENCES) == (found == PUBLIC_DOMAIN)
    assert found is None or licence == found


@pytest.mark.parametrize("data", [b"", b"<svg", b'<!DOCTYPE s [<!ENTITY a "b">]><svg>&a;</svg>'])
def test_what_is_no_harmless_xml_is_refused(data: bytes) -> None:
    with pytest.raises(CorruptMedia, match="no XML that may be read"):
        said(data)


FILES = {
    "toys/jigsaw.svg": drawing(),
    "toys/copy.svg": drawing(),
    "toys/ball.svg": drawing("a ball", colour="blue"),
    "gpl.svg": drawing(licences=("http://creativecommons.org/licenses/GPL/2.0/",)),
    "silent.svg": drawing(licences=()),
    "nameless.svg": drawing(title=""),
    "cut.svg": drawing()[:200],
    "photo.svg": drawing().replace(b"<rect", b"<image href='x.png'/><rect"),
    "toys/ball.txt": b"by somebody",
}


def test_what_may_be_used_is_kept_and_the_rest_is_counted(tmp_path: Path) -> None:
    packages = packaged(tmp_path, FILES)
    (tmp_path / "packages" / f"{PACKAGE}_{VERSION.replace(':', '%3a')}" / FOLDER / "link.svg").symlink_to("gpl.svg")
    rows, left_out = build(tmp_path, packages)
    assert {(row.name, row.tags, row.licence) for row in rows} == {
        ("a jigsaw", "shape toy", PUBLIC_DOMAIN),
        ("a ball", "shape toy", PUBLIC_DOMAIN),
    }
    assert left_out == {
        "states no licence that permits training": 2,
        "has no title": 1,
        "no XML that may be read": 1,
        "a drawing holds a picture of another format": 1,
    }
    for row in rows:
        assert sprites.pixels(tmp_path, row).shape == (128, 128, 4)
    assert not sprites.manifest(tmp_path).exists()  # what ships was not trained on these
    assert len(manifest(tmp_path).read_text(encoding="utf-8").splitlines()) == 3


def test_the_command_says_what_was_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    packaged(tmp_path, FILES)
    monkeypatch.setattr(sys, "argv", ["clipart", "--cache", str(tmp_path)])
    clipart.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2 drawings, 2 titles"
    assert "    2 left out: states no licence that permits training" in lines
