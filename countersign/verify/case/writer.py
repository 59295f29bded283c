"""Making a case from its parts. Pure; where the parts come from is the business of whoever keeps the log."""

from __future__ import annotations

from collections.abc import Mapping

from countersign.verify.case import archive, attachments, layout
from countersign.verify.case.account import read_account
from countersign.verify.case.fields import text
from countersign.verify.case.manifest import write_manifest
from countersign.verify.case.summary import summary


def write_case(parts: Mapping[str, bytes]) -> bytes:
    """The zip of `parts` (receipts, disclosures, evidence, documents, checkpoint and keys, by their names in `layout`),
    with what follows from them: credential, summary and manifest. The same parts give the same bytes.

    VerificationError for parts that no verifier could read, or more than a case may hold.
    """
    account = read_account(parts)
    files = dict(parts)
    credential = attachments.credential_view(account)
    if credential is not None:
        files[layout.CREDENTIAL] = credential
    files[layout.SUMMARY] = summary(account)
    decision_id = text(account.decision.content, "decision_id")
    files[layout.MANIFEST] = write_manifest(files, decision_id, account.states[-1].as_json())
    return archive.pack({name: files[name] for name in layout.in_order(files)})
