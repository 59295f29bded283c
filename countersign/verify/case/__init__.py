"""Cases: one decision with everything that it can be checked by, in a zip. `docs/case.md` describes the format.

archive ─ manifest ─ account ─ receipts, facts, attachments, setting ─ verifier
                        └───── summary (the page for people) ───────── writer
"""

from countersign.verify.case.archive import is_archive
from countersign.verify.case.verifier import verify_case
from countersign.verify.case.writer import write_case

__all__ = ["is_archive", "verify_case", "write_case"]
