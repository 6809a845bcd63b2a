"""Clients of the REST door, signed in as whom a test needs."""

from typing import Any

from rest_framework.test import APIClient

from exact.accounts.models import User
from exact.accounts.policy import Person
from exact.projections.models import (
    AnnotationRow,
    AnnotationTypeRow,
    ImageRow,
    ImageSetRow,
    MemberRow,
    ProductRow,
    TeamRow,
)
from tests.builders import Workplace

V1 = "/api/v1"


def client_of(person: Person) -> APIClient:
    """Signed in by session."""
    client = APIClient()
    client.force_login(User.objects.get(person_id=person.person_id))
    return client


class Place:
    """A workplace seen from REST: public numbers and the owner's client."""

    def __init__(self, workplace: Workplace) -> None:
        self.workplace = workplace
        self.owner = workplace.owner
        self.client = client_of(workplace.owner)
        self.team = TeamRow.objects.get(id=workplace.team_id).number
        self.image_set = ImageSetRow.objects.get(id=workplace.image_set_id).number
        self.product = ProductRow.objects.get(id=workplace.product_id).number
        self.image = ImageRow.objects.get(id=workplace.image_id).number
        types = AnnotationTypeRow.objects.filter(product=workplace.product_id)
        self.types: dict[int, int] = {row.vector_type: row.number for row in types}

    @property
    def polygon(self) -> int:
        """The type of polygons."""
        return self.types[5]

    def body(self, **fields: Any) -> dict[str, Any]:
        """What the ancestor's client posts for a polygon."""
        return {"image": self.image, "annotation_type": self.polygon, "vector": TRIANGLE, **fields}

    def post(self, **fields: Any) -> Any:
        """Draw one by REST."""
        return self.client.post(f"{V1}/annotations/annotations/", self.body(**fields), format="json")

    def membership(self, person: Person) -> int:
        """The number of somebody's membership."""
        return MemberRow.objects.get(team=self.workplace.team_id, person_id=person.person_id).number


TRIANGLE = {"x1": 10, "y1": 10, "x2": 60, "y2": 10, "x3": 10, "y3": 60}


def annotation(number: int) -> AnnotationRow:
    """The row of an annotation."""
    return AnnotationRow.objects.get(number=number)
