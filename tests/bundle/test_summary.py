"""The page for people: text of strangers stays text, whatever it is, and the page stands alone."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.media import digest_of
from countersign.verify.case.account import read_account
from countersign.verify.case.archive import unpack
from countersign.verify.case.layout import SUMMARY
from countersign.verify.case.summary import summary, words
from countersign.verify.case.summary.html import element, escaped
from tests.bundle.story import MASK, VERSIONS, Told, decision_body, finding, full_story

TAGS = frozenset(
    re.findall(
        r"\w+",
        "html head meta title style body main header section article figure figcaption h1 h2 h3 p ul ol li table tbody"
        " tr th td strong em bdi code pre span img details summary",
    )
)
ATTRIBUTES = frozenset({"lang", "charset", "name", "http-equiv", "content", "class", "scope", "src", "alt"})


class Page(HTMLParser):
    """What a browser would see."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def page_of(story: Told) -> bytes:
    return unpack(story.case())[SUMMARY]


def assert_harmless(page: bytes) -> Page:
    seen = Page(page)
    assert set(seen.tags) <= TAGS
    assert {name for name, _ in seen.attributes} <= ATTRIBUTES
    sources = [value or "" for name, value in seen.attributes if name == "src"]
    assert all(re.fullmatch(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/=]+", source) for source in sources)
    assert seen.tags.count("style") == 1
    return seen


ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>alert(1)</script>",
    "</bdi></td></tr></table><h1>ALLOW</h1>",
    "<!-- --><iframe src=//evil.example>",
    "&lt;b&gt; & &#x3C;script&#x3E;",
    "]]><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "@import url(//evil.example)",
]


def told_with(text: str) -> Told:
    """The story with `text` in every field that anybody but the server can have written."""
    story = full_story()
    ledger = story.ledger
    shown = [{"kind": text, "mime": "image/png", "digest": digest_of(MASK), "caption": text}]
    reason = {"rule": text, "code": text, "text": text, "action": "REVIEW", "operands": {text or "x": text}}
    body: dict[str, Any] = {
        "context": {"surface": text, "jurisdiction": text, "task": text},
        "findings": [
            finding(
                "copy_move",
                "detected",
                label=text,
                explanation=text,
                limits=text,
                codes=[text],
                score=1,
                score_scale=text,
                measurements={text or "x": 1.0},
                evidence=shown,
            )
        ],
        "reasons": [reason],
        "shadow": [reason],
        "credential": {"state": text, "codes": [text], "digital_source_types": [text], "trust": text},
        "media": {"mime": text},
        "making": {
            "model": text,
            "version": VERSIONS["upscale"],
            "seed": text,
            "parameters": {text: [text, {text: 1}]},
        },
        "direction": text,
    }
    named = {"credential": {"issuer": text, "claim_generator": text, "manifest_id": text}, "other": [text]}
    story.decision = ledger.decide(private=named, **body)
    story.evidence = story.evidence[:1]
    before = (3, "awaiting", story.decision)
    review = ledger.event("review", story.decision, before, action="BLOCK", outcome="resolved", reason_code=text)
    story.history = [review]
    return story


@pytest.mark.parametrize("text", ATTACKS)
def test_an_attack_is_shown_as_text(text: str) -> None:
    seen = assert_harmless(page_of(told_with(text)))
    assert seen.text.count(text) >= 15


@settings(max_examples=60)
@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_any_text_is_harmless(text: str) -> None:
    assert_harmless(page_of(told_with(text)))


def test_what_could_reorder_or_hide_text_is_made_visible() -> None:
    assert escaped("a\u202eb\u2066c\x00d\x1be\x7ff\ud800g") == "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf\ufffdg"
    assert escaped("line\nnext\tüß€日本語 👁") == "line\nnext\tüß€日本語 👁"
    assert (
        element("p", "<b>", element("i", "&"), title="\"'>") == '<p title="&quot;&#x27;&gt;">&lt;b&gt;<i>&amp;</i></p>'
    )


def test_the_page_stands_alone() -> None:
    page = page_of(full_story()).decode()
    assert "default-src &#x27;none&#x27;" in page
    assert not re.search(r"https?://|url\(|@import|<link|<script", page)


def test_the_page_is_a_function_of_the_account() -> None:
    files = unpack(full_story().case())
    account = read_account(files)
    assert summary(account) == summary(account) == files[SUMMARY]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-1, 1) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)
BODY = sorted(set(decision_body()) - {"direction", "media_digest", "action", "findings"})


@settings(max_examples=100)
@given(st.sampled_from(BODY), json_values)
def test_a_leaf_of_any_shape_can_be_told(name: str, value: Any) -> None:
    story = full_story()
    story.decision = story.ledger.decide(**{name: value})
    story.history = []
    assert_harmless(page_of(story))


@settings(max_examples=100)
@given(
    st.sampled_from(["label", "verdict", "codes", "probability", "score", "log10_lr", "explanation", "measurements"]),
    json_values,
)
def test_a_finding_of_any_shape_can_be_told(name: str, value: Any) -> None:
    story = full_story()
    story.decision = story.ledger.decide(findings=[{**finding("copy_move", "detected"), name: value}])
    story.history = []
    assert_harmless(page_of(story))


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.5, "50 %"),
        (0.9999, "more than 99.9 %"),
        (1e-6, "less than 0.1 %"),
        (0.931, "93.1 %"),
    ],
)
def test_a_probability_never_rounds_to_a_certainty(share: float, said: str) -> None:
    assert words.percent(share) == said


@pytest.mark.parametrize(
    ("time", "said"),
    [
        ("2026-11-22T09:51:00.123456Z", "22 November 2026, 09:51:00 UTC"),
        ("2026-13-22T09:51:00.123456Z", "2026-13-22T09:51:00.123456Z"),
        ("yesterday", "yesterday"),
    ],
)
def test_moments_are_told_in_words(time: str, said: str) -> None:
    assert words.moment(time) == said


def test_names_are_told_in_words() -> None:
    assert [words.title(name) for name in ("declared_ai", "double_jpeg", "copy_move", "")] == [
        "Declared AI",
        "Double JPEG",
        "Copy move",
        "",
    ]


def test_what_a_finding_covers_is_shown_on_asking_and_nothing_else_is_hidden() -> None:
    shown = [{"kind": "picture", "mime": "image/png", "digest": digest_of(MASK), "caption": "blurred"}]
    story = full_story()
    plain = page_of(story)
    story.decision = story.ledger.decide(
        findings=[finding("copy_move", "detected", score=1.0, codes=["evidence.covered"], evidence=shown)]
    )
    story.evidence, story.history = story.evidence[:1], []
    assert b"<details>" not in plain
    seen = assert_harmless(page_of(story))
    at = seen.tags.index("details")
    assert seen.tags[at + 1] == "summary"
    assert "img" in seen.tags[at:]
    assert "img" not in seen.tags[:at]
