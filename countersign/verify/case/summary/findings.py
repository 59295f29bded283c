"""What each detector found, with its figures, its limits and what it shows."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from countersign.verify.case.account import Account
from countersign.verify.case.fields import number, table, tables, text, texts
from countersign.verify.case.summary import words
from countersign.verify.case.summary.decision import gone
from countersign.verify.case.summary.html import Html, code, element, items, joined, pairs, stranger

PICTURES = frozenset({"image/png", "image/jpeg"})
"""What is shown in place. Everything else is named."""
COVERED = "evidence.covered"
"""The code of a finding whose evidence nobody should see who does not ask for it."""
MAX_TEXT = 20_000
"""Characters of textual evidence that are shown; the file itself is in the case."""


def findings(account: Account) -> Html:
    """Every finding, what was detected first."""
    found = tables(account.decision.content, "findings")
    if not found:
        return Html("")
    order = {"detected": 0, "abstained": 1}
    ranked = sorted(found, key=lambda finding: order.get(text(finding, "verdict"), 2))
    intro = element("p", "“Found nothing” is no proof that there is nothing: each detector says what it cannot see.")
    return element(
        "section", element("h2", "What the detectors found"), intro, *(finding(each, account) for each in ranked)
    )


def finding(found: Mapping[str, Any], account: Account) -> Html:
    """One detector's finding."""
    verdict = text(found, "verdict")
    heading = element(
        "h3",
        stranger(words.title(text(found, "label"))),
        ": ",
        element("strong", words.VERDICTS.get(verdict, verdict), class_=verdict if verdict in words.VERDICTS else ""),
    )
    figures = pairs(
        ("Why", stranger(text(found, "explanation"))),
        *measures(found),
        ("Particulars", items([code(each) for each in texts(found, "codes")])),
        ("What it cannot see", stranger(text(found, "limits"))),
        ("Also measured", items(measurements(found))),
        ("Calibrated by", code(words.digest(text(found, "calibration")))),
        ("Detector", joined(stranger(text(found, "detector")), " ", code(words.digest(text(found, "version"))))),
    )
    shown = [evidence(each, account) for each in tables(found, "evidence")]
    if COVERED in texts(found, "codes"):
        shown = [element("details", element("summary", "Show what was found"), *shown)]
    return element("article", heading, figures, *shown)


def measures(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Probability or score, likelihood ratio and operating point, each in words."""
    probability, score = number(found, "probability"), number(found, "score")
    ratio, rate = number(found, "log10_lr"), number(found, "fpr_at_threshold")
    lines: list[tuple[str, str]] = []
    if probability is not None:
        lines.append(("Probability", f"{words.percent(probability)}, calibrated"))
    if score is not None:
        scale = text(found, "score_scale")
        lines.append(("Score", joined(f"{score:.6g} ", element("span", stranger(scale), class_="quiet"))))
    if ratio is not None:
        lines.append(("Likelihood ratio, log₁₀", words.likelihood(ratio)))
    if rate is not None:
        lines.append(
            ("Operating point", f"at its threshold, false alarms on {words.percent(rate)} of files without it")
        )
    if probability is None and text(found, "verdict") != "abstained":
        lines.append(("Calibration", "none: what it says is no probability"))
    return lines


def measurements(found: Mapping[str, Any]) -> list[Html]:
    """What else was measured, by name."""
    named = table(found, "measurements")
    figures = ((name, number(named, name)) for name in sorted(named))
    return [joined(code(name), f" {words.figure(value)}") for name, value in figures if value is not None]


def evidence(named: Mapping[str, Any], account: Account) -> Html:
    """A picture in place, a text in place, or the name of a file."""
    digest, mime, caption = text(named, "digest"), text(named, "mime"), stranger(text(named, "caption"))
    data = account.evidence.get(digest)
    title = element("figcaption", caption, " ", code(words.digest(digest)))
    if data is None:
        return element("figure", element("p", gone()), title)
    if mime in PICTURES:
        source = f"data:{mime};base64,{base64.b64encode(data).decode()}"
        return element("figure", element("img", src=source, alt=text(named, "caption")), title)
    if mime.startswith("text/"):
        return element("figure", element("pre", data.decode(errors="replace")[:MAX_TEXT]), title)
    return element("figure", element("p", "A file of type ", stranger(mime), " in this case"), title)
