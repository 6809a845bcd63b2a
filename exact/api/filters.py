"""Filters as the ancestor spells them: `x__in=1,2`, `x__range=a,b`, `x_min`, `x_max`; wrong values are a 400."""

from typing import Any

from django import forms
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from exact.api.resources import NUMBER_MAX


class WholeNumber(filters.NumberFilter):
    """A whole number that fits into a column."""

    field_class = forms.IntegerField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"min_value": -NUMBER_MAX, "max_value": NUMBER_MAX, **kwargs})


class WholeNumbers(filters.BaseInFilter, WholeNumber):
    """`id__in=1,2,3`."""


class Texts(filters.BaseInFilter, filters.CharFilter):
    """`name__in=a,b`."""


class Uuids(filters.BaseInFilter, filters.UUIDFilter):
    """`unique_identifier__in=...`."""


class NumberRange(filters.BaseRangeFilter, filters.NumberFilter):
    """`mpp__range=0.2,0.3`."""


class TimeRange(filters.BaseRangeFilter, filters.IsoDateTimeFilter):
    """`time__range=2026-01-01,2026-02-01`; without an offset UTC is meant."""


@extend_schema_field(OpenApiTypes.DOUBLE)
class Between(filters.RangeFilter):
    """`x_min` and `x_max`, each optional."""


class Time(filters.IsoDateTimeFilter):
    """A moment; without an offset UTC is meant."""
