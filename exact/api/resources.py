"""A resource as the ancestor shows it: numbers for ids, `expand`, `fields` and `omit`, in a fixed number of queries.

Every field says itself what its rows need (`fetches`), so that nothing is fetched that is not shown.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, cast
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Model, OuterRef, Prefetch, QuerySet
from drf_spectacular.drainage import set_override
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_flex_fields.serializers import FlexFieldsSerializerMixin
from rest_framework import serializers

from exact.accounts.models import User

NUMBER_MAX = 2**31 - 1
Rows = QuerySet[Any, Any]  # Any: whatever model
Annotations = Mapping[str, Any]  # Any: expressions


class Resource(FlexFieldsSerializerMixin, serializers.Serializer[Any]):  # type: ignore[misc]
    """One resource: its fields, what of it can be expanded, and the rows it comes from."""

    model: ClassVar[type[Model]]
    expandable_fields: ClassVar[dict[str, Any]] = {}
    settled = False
    maximum_expansion_depth = 3
    recursive_expansion_permitted = False

    @classmethod
    def rows(cls) -> Rows:
        """All rows of the resource; who may see which is decided by scope.py."""
        return cls.model._default_manager.all()

    def settle(self) -> None:
        """Apply the query's fields, omit and expand now, before rows are fetched for them."""
        if not self.settled:
            self.apply_flex_fields(self.fields, self._flex_options_rep_only)
            self._flex_fields_rep_applied = self.settled = True

    def fetched(self, rows: Rows) -> Rows:
        """The rows with everything that is shown of them."""
        self.settle()
        wanted: dict[str, Any] = {}
        for name, field in self.fields.items():
            if isinstance(field, Fetching):
                wanted.update(field.fetches(name))
        expanded = [Prefetch(nested.relation_path, nested.fetched(nested.found())) for nested in self.nested()]
        fetched: Rows = rows.annotate(**wanted).prefetch_related(*expanded)
        return fetched

    def nested(self) -> Iterator["Resource"]:
        """The resources inside this one that hang on a relation of its rows."""
        for field in self.fields.values():
            inner = field.child if isinstance(field, serializers.ListSerializer) else field
            if isinstance(inner, Resource) and not isinstance(inner, PersonResource):
                yield inner

    @property
    def relation_path(self) -> str:
        """The relation by which the outer rows reach these."""
        outer = self.parent if isinstance(self.parent, serializers.ListSerializer) else self
        return str(outer.source)

    def found(self) -> Rows:
        """The rows of an expanded relation: all when something names them, only the offered ones in a list."""
        return self.listed() if isinstance(self.parent, serializers.ListSerializer) else self.rows()

    @classmethod
    def listed(cls) -> Rows:
        """The rows without the withdrawn ones."""
        return cls.rows()

    def shown(self, rows: Sequence[Any]) -> list[Any]:
        """Fetched rows as JSON; people are looked up once for all of them."""
        self.settle()
        shared = cast("dict[str, Any]", self.context)  # one for all nested fields
        shared["people"] = people(set(self.people_in(rows)), list(self.expanded_people()))
        return [self.to_representation(row) for row in rows]

    def expanded_people(self) -> Iterator["PersonResource"]:
        """Wherever a whole person is shown in place of an id."""
        for field in self.fields.values():
            inner = getattr(field, "child", field)
            if isinstance(inner, PersonResource):
                yield inner
        for nested in self.nested():
            yield from nested.expanded_people()

    def people_in(self, rows: Iterable[Any]) -> Iterator[UUID]:
        """The people that these rows and those inside them name."""
        kept = list(rows)
        for field in self.fields.values():
            inner = getattr(field, "child", field)
            if isinstance(inner, Person | People | PersonResource):
                yield from _ids(kept, str(field.source))
        for nested in self.nested():
            yield from nested.people_in(_reached(kept, nested.relation_path))


def people(ids: set[UUID], expanded: Iterable["PersonResource"]) -> dict[UUID, User]:
    """The users behind opaque ids, in one query, with what expanded people show."""
    if not ids:
        return {}
    rows: Rows = User.objects.filter(person_id__in=ids)
    for resource in expanded:
        rows = resource.fetched(rows)
    return {user.person_id: user for user in rows}


def _ids(rows: Iterable[Any], source: str) -> Iterator[UUID]:
    for row in rows:
        value = getattr(row, source)
        yield from value if isinstance(value, list) else [value]


def _reached(rows: Iterable[Any], path: str) -> Iterator[Any]:
    for row in rows:
        value = getattr(row, path)
        yield from value.all() if hasattr(value, "all") else [value]


class Fetching(ABC):
    """A field that needs something beside its row's own columns."""

    @abstractmethod
    def fetches(self, name: str) -> Annotations:
        """What to annotate the rows with, by the name that the field reads."""


class Ref(Fetching, serializers.IntegerField):
    """The public number of another thing; `relation` names it on the row. Written as a number, too."""

    def __init__(self, relation: str, **kwargs: Any) -> None:
        self.relation = relation
        super().__init__(min_value=1, max_value=NUMBER_MAX, **kwargs)

    def fetches(self, name: str) -> Annotations:
        return {f"{name}_number": F(f"{self.relation}__number")}

    def get_attribute(self, instance: Any) -> Any:
        return getattr(instance, f"{self.field_name}_number")


@extend_schema_field({"type": "array", "items": {"type": "integer"}})
class Numbers(Fetching, serializers.ListField):
    """The public numbers of the rows that belong to this one, as one array made by the database.

    `rows(context)` are the candidates; they may use OuterRef("pk"). Optional when written.
    """

    child = serializers.IntegerField(min_value=1, max_value=NUMBER_MAX)

    def __init__(self, rows: Callable[[Mapping[str, Any]], Rows], column: str = "number", **kwargs: Any) -> None:
        self.rows, self.column = rows, column
        super().__init__(**{"required": False, "max_length": 1000, **kwargs})

    def fetches(self, name: str) -> Annotations:
        return {f"{name}_numbers": ArraySubquery(self.rows(self.context).order_by(self.column).values(self.column))}

    def get_attribute(self, instance: Any) -> Any:
        return getattr(instance, f"{self.field_name}_numbers")

    def to_representation(self, data: list[Any]) -> list[Any]:
        return data


class Uuid(serializers.UUIDField):
    """A UUID as text: DRF's own field also takes numbers, and fails on some."""

    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class Computed(Fetching, serializers.ReadOnlyField):
    """A value that the database works out; `expression(context)`, of the type that the schema says."""

    def __init__(self, expression: Callable[[Mapping[str, Any]], Any], schema: Any, **kwargs: Any) -> None:
        self.expression = expression
        set_override(self, "field", schema)
        super().__init__(**kwargs)

    def fetches(self, name: str) -> Annotations:
        return {f"{name}_computed": self.expression(self.context)}

    def get_attribute(self, instance: Any) -> Any:
        return getattr(instance, f"{self.field_name}_computed")


@extend_schema_field(OpenApiTypes.INT)
class Person(serializers.ReadOnlyField):
    """A person's user id; the row knows the opaque id. Null for somebody who was erased."""

    def to_representation(self, value: UUID) -> int | None:
        user = self.context["people"].get(value)
        return user.pk if user else None


@extend_schema_field({"type": "array", "items": {"type": "integer"}})
class People(serializers.ReadOnlyField):
    """The user ids of several people, whose opaque ids the row holds as a list."""

    def to_representation(self, value: list[UUID]) -> list[int]:
        known = self.context["people"]
        return [known[person_id].pk for person_id in value if person_id in known]


class PersonResource(Resource):
    """An expanded person: the row holds the opaque id, the context the user."""

    def to_representation(self, instance: Any) -> Any:
        user = self.context["people"].get(instance)
        return None if user is None else super().to_representation(user)


@extend_schema_field(OpenApiTypes.DATETIME)
class NaiveTime(serializers.ReadOnlyField):
    """A time as the ancestor writes it: ISO 8601 without offset. Its servers meant local time; we mean UTC."""

    def to_representation(self, value: datetime) -> str:
        return value.astimezone(UTC).replace(tzinfo=None).isoformat()


@extend_schema_field({"type": "array", "items": {"type": "integer"}})
class Nothing(serializers.ReadOnlyField):
    """A list of the ancestor's that is always empty here; accepted and ignored when written."""

    def get_attribute(self, instance: Any) -> Any:
        return []


class Fixed(serializers.ReadOnlyField):
    """A field of the ancestor's that has one value here."""

    def __init__(self, value: Any = None, **kwargs: Any) -> None:
        self.value = value
        set_override(self, "field", kind_of(value))
        super().__init__(**kwargs)

    def get_attribute(self, instance: Any) -> Any:
        return self

    def to_representation(self, value: Any) -> Any:
        return self.value


def kind_of(value: Any) -> dict[str, Any]:
    """The schema of a fixed value."""
    kinds = {bool: "boolean", int: "integer"}
    return {"type": kinds[type(value)]} if type(value) in kinds else {"type": "string", "nullable": True}


def belonging(rows: Callable[[], Rows], owner: str) -> Callable[[Mapping[str, Any]], Rows]:
    """The rows whose `owner` is the outer row, for Numbers."""
    return lambda _context: rows().filter(**{owner: OuterRef("pk")})
