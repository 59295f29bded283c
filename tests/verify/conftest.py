from __future__ import annotations

from hypothesis import settings

# The laws hold at any speed; a deadline would test how busy the machine is.
settings.register_profile("any-speed", deadline=None)
settings.load_profile("any-speed")
