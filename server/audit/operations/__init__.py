"""What is recorded only after a look at the log itself: reviews, appeals, erasures, retention, policies.

Read `base` first.
"""

from server.audit.operations.appeal import Appeal
from server.audit.operations.base import Operation
from server.audit.operations.configure import Configure
from server.audit.operations.erase import Erase
from server.audit.operations.policy import PolicyChange
from server.audit.operations.retain import Retain
from server.audit.operations.review import Review

__all__ = ["Appeal", "Configure", "Erase", "Operation", "PolicyChange", "Retain", "Review"]
