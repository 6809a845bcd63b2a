"""Limit and offset as the ancestor's client reads them: `next` always carries both, as an absolute URL."""

from rest_framework.pagination import LimitOffsetPagination


class LimitOffset(LimitOffsetPagination):
    """Default 50. The ancestor knew no maximum; more than 10,000 is served as 10,000, and `next` leads on."""

    default_limit = 50
    max_limit = 10_000
