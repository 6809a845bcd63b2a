"""A team with images, types and people with tokens, made through the doors of a running application."""

import io
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import requests
from PIL import Image

from tests.application import ADMIN, PASSWORD, Application

POLYGON = 5
TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Somebody:
    """A person of the team, and the token with which their client signs in."""

    name: str
    person_id: UUID
    headers: dict[str, str]


@dataclass(frozen=True)
class Place:
    """Where everybody works: identifiers of streams, and the numbers that the ancestor's doors want."""

    url: str
    owner: Somebody
    people: list[Somebody]
    image_set: int
    images: dict[int, UUID]
    annotation_type: int
    annotation_type_id: UUID


def a_place(up: Application, *, people: int, images: int = 2) -> Place:
    """Asks as the administrator; refusals of any kind fail the test."""
    door = Door(up.url)
    owner = Somebody(ADMIN, UUID(door.get("api/v1/me/")["person_id"]), door.token())
    team = door.post("api/v1/users/teams/", name="the crash team")["id"]
    product = door.post("api/v1/administration/products/", name="cells", team=team)["id"]
    fields = {"name": "cell", "product": product, "vector_type": POLYGON}
    kind = door.post("api/v1/annotations/annotation_types/", **fields)
    image_set = door.post("api/v1/images/image_sets/", name="slides", team=team, product_set=[product])["id"]
    return Place(
        url=up.url,
        owner=owner,
        people=[colleague(door, up.url, team, f"client{number}") for number in range(people)],
        image_set=image_set,
        images=dict(uploaded(door, image_set, picture(number)) for number in range(images)),
        annotation_type=kind["id"],
        annotation_type_id=UUID(kind["uuid"]),
    )


class Door:
    """REST as one person who signs in with a password."""

    def __init__(self, url: str, name: str = ADMIN, password: str = PASSWORD) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.auth = (name, password)

    def get(self, path: str) -> Any:  # Any: JSON
        """What is there."""
        return granted(self.session.get(self.url + path, timeout=TIMEOUT_S))

    def post(self, path: str, **fields: Any) -> Any:  # Any: JSON
        """What was made."""
        return granted(self.session.post(self.url + path, json=fields, timeout=TIMEOUT_S))

    def token(self) -> dict[str, str]:
        """The header of a new access token."""
        return {"Authorization": f"Bearer {self.post('users/api/tokens/', name='crash')['token']}"}


def granted(response: requests.Response) -> Any:  # Any: JSON
    """Its body, when it is no refusal."""
    assert response.ok, f"{response.request.url}: {response.status_code} {response.text[:500]}"
    return response.json()


def colleague(door: Door, url: str, team: int, name: str) -> Somebody:
    """An account in the team, with a token."""
    made = door.post("api/v1/users/users/", username=name)
    door.post("api/v1/users/team_membership/", team=team, user=made["id"], role="verifier")
    return Somebody(name, UUID(made["person_id"]), Door(url, name, made["password"]).token())


def picture(number: int, side: int = 64) -> bytes:
    """A small PNG whose content is its number's own."""
    pixels = np.random.default_rng(number).integers(0, 255, (side, side, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


def uploaded(door: Door, image_set: int, content: bytes) -> tuple[int, UUID]:
    """Number and identifier of a new image."""
    files = {"file": (f"{hash(content) & 0xFFFFFFFF:x}.png", content)}
    answer = door.session.post(f"{door.url}api/v1/images/images/?image_set={image_set}", files=files, timeout=TIMEOUT_S)
    image = granted(answer)["results"][0]
    return image["id"], UUID(image["uuid"])
