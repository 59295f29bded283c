"""C2PA's terms in words that need no knowledge of C2PA. A term that is not here is shown as it is."""

from __future__ import annotations

from collections.abc import Mapping

STATES = {
    "NONE": "The file carries no credentials. That makes it neither authentic nor a fake.",
    "TRUSTED": "The file is as its signer left it, and the signer is on the server's trust list.",
    "VALID_UNTRUSTED": "The file is as its signer left it, but nobody vouches for who that is.",
    "INVALID": "The file or its credentials are not as they were signed: nothing they say can be relied on.",
    "EXPIRED_NO_TIMESTAMP": "The signer's certificate has expired, and nothing proves that the file was signed before.",
    "INGREDIENT_FAILED": "The file is as its signer left it, but something it was made from is not what it claims.",
    "REMOTE_NOT_FETCHED": "The credentials lie elsewhere. Nothing is ever fetched from an address that a file names.",
    "UNPARSEABLE": "The file carries credentials that cannot be read.",
    "RECOVERED_SOFT_BINDING": "The file's own credentials are gone; these belong to a file that looks the same.",
    "KNOWN_STRIPPED": "The file was signed here, and its credentials have been removed since.",
}
SOURCES = {
    "NONE": "without credentials",
    "TRUSTED": "unchanged, by a trusted signer",
    "VALID_UNTRUSTED": "unchanged, but nobody vouches for its signer",
    "INVALID": "changed after signing, or not the file that was signed",
    "EXPIRED_NO_TIMESTAMP": "signed with an expired certificate",
    "INGREDIENT_FAILED": "made from something that is not what it claims to be",
    "REMOTE_NOT_FETCHED": "its credentials lie elsewhere",
    "UNPARSEABLE": "its credentials cannot be read",
}
RELATIONSHIPS = {"parentOf": "began as", "componentOf": "contains", "inputTo": "made with the help of"}
ACTIONS = {
    "c2pa.created": "created",
    "c2pa.opened": "opened",
    "c2pa.placed": "added",
    "c2pa.removed": "taken out",
    "c2pa.edited": "edited",
    "c2pa.enhanced": "enhanced",
    "c2pa.color_adjustments": "colours adjusted",
    "c2pa.cropped": "cropped",
    "c2pa.resized": "resized",
    "c2pa.orientation": "turned or mirrored",
    "c2pa.filtered": "filtered",
    "c2pa.drawing": "drawn on",
    "c2pa.converted": "converted to another format",
    "c2pa.transcoded": "encoded anew",
    "c2pa.repackaged": "packaged anew",
    "c2pa.published": "published",
    "c2pa.redacted": "statements taken out of its credentials",
    "c2pa.watermarked": "marked with an invisible watermark",
    "c2pa.watermarked.bound": "marked with an invisible watermark",
    "c2pa.watermarked.unbound": "marked with an invisible watermark",
    "c2pa.unknown": "changed in a way that is not stated",
}
SOURCE_TYPES = {
    "trainedAlgorithmicMedia": "made by an AI model",
    "compositeWithTrainedAlgorithmicMedia": "partly made by an AI model",
    "algorithmicMedia": "made by an algorithm",
    "algorithmicallyEnhanced": "enhanced by an algorithm",
    "compositeSynthetic": "put together, with synthetic parts",
    "composite": "put together from several sources",
    "compositeCapture": "put together from several captures",
    "digitalCapture": "captured by a camera",
    "computationalCapture": "captured by a camera, from several exposures",
    "screenCapture": "captured from a screen",
    "virtualRecording": "recorded in a virtual world",
    "digitalCreation": "made by a person with software",
    "humanEdits": "edited by a person",
}
CODES = {
    "assertion.dataHash.mismatch": "the content is not what was signed",
    "assertion.bmffHash.mismatch": "the content is not what was signed",
    "assertion.hashedURI.mismatch": "a statement was changed after signing",
    "assertion.missing": "a statement was taken out after signing",
    "claimSignature.mismatch": "the signature does not fit the claim",
    "claimSignature.missing": "the signature is missing",
    "claimSignature.outsideValidity": "signed while the certificate was not valid",
    "ingredient.manifest.mismatch": "a source's credentials were changed or exchanged",
    "ingredient.manifest.missing": "a source's credentials were taken out",
    "manifest.inaccessible": "credentials lie elsewhere and were not fetched",
    "signingCredential.untrusted": "a signer is not on the trust list",
    "signingCredential.expired": "a certificate had expired",
    "signingCredential.invalid": "a certificate may not sign claims",
    "timeStamp.untrusted": "a timestamp is by an authority that is not on the trust list",
    "timeStamp.mismatch": "a timestamp belongs to another signature",
    "general.error": "something could not be read",
    "org.countersign.signerUnexamined": "the signer's certificate could not be examined",
}
CHOICES = {"allowed": "allowed", "notAllowed": "not allowed", "constrained": "only on conditions"}
USES = {
    "ai_training": "training of AI",
    "ai_generative_training": "training of generative AI",
    "ai_inference": "use by AI",
    "data_mining": "data mining",
}


def words(table: Mapping[str, str], term: str) -> str:
    """The term in words."""
    return table.get(term, term)


def source_type_words(address: str) -> str:
    """A digital source type in words; of one that is not known, the last part of its address."""
    return words(SOURCE_TYPES, address.rstrip("/").rpartition("/")[2])


def use_words(use: str) -> str:
    """What a preference is about, "cawg.ai_training" or "c2pa.ai_training", in words."""
    return words(USES, use.partition(".")[2] or use)


def code_words(code: str) -> str:
    """A validation status in words, with its code for whoever looks it up."""
    return f"{CODES[code]} ({code})" if code in CODES else code
