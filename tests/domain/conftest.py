"""Properties are tried on the same examples every time, however slow the machine is just then."""

from hypothesis import settings

settings.register_profile("exact", deadline=None, derandomize=True)
settings.load_profile("exact")
