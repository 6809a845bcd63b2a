"""Routes with and without a slash at the end: the ancestor's client uses both."""

from rest_framework.routers import DefaultRouter


class EitherSlash(DefaultRouter):
    """Every route of a resource, the slash optional."""

    include_format_suffixes = False

    def __init__(self) -> None:
        super().__init__()
        self.trailing_slash = "/?"
