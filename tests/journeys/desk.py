"""What people do at the page: sign in, upload, draw, verify, export; and what an office prepares by REST."""

import re
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Locator, Page, expect

from tests.application import PASSWORD, Application

COLOURS = {"tumour": ("#D55E00", 5), "cell": ("#0072B2", 1), "mitosis": ("#009E73", 2), "vessel": ("#CC79A7", 4),
           "spot": ("#E69F00", 3)}  # fmt: skip


class Office:
    """The administrator's side, by REST and by manage.py, as a script would do it."""

    def __init__(self, server: Application, name: str, password: str) -> None:
        self.server = server
        self.session = requests.Session()
        self.session.auth = (name, password)
        self.name = name

    def get(self, path: str, **query: Any) -> Any:
        return self._json(self.session.get(self.server.url + path, params=query, timeout=30))

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        return self._json(self.session.post(self.server.url + path, json=body, timeout=60, **options))

    def command(self, kind: str, /, **fields: Any) -> Any:
        return self.post("api/v1/commands/", {"command": kind, **fields})

    def person(self, name: str) -> str:
        """Makes an account; answers the person's opaque id."""
        done = self.server.manage("add_person", f"{name}:{PASSWORD}")
        assert done.returncode == 0, done.stderr
        return str(self.get("api/v1/users/users/", username=name)["results"][0]["person_id"])

    def team(self, name: str, **members: str) -> dict[str, Any]:
        """A team with a product of five types and members {name: role}; answers its ids."""
        team = self.command("FoundTeam", name=name)
        for person, role in members.items():
            self.command("AddMember", team_id=team["id"], person_id=self.person(person), role=role)
        product = self.command("CreateProduct", team_id=team["id"], name=f"{name} types")
        for order, (kind, (colour, vector_type)) in enumerate(COLOURS.items()):
            self.command(
                "CreateAnnotationType", product_id=product["id"], name=kind, color_code=colour,
                vector_type=vector_type, sort_order=order,
            )  # fmt: skip
        return {"team": team, "product": product}

    def image_set(self, team: dict[str, Any], name: str) -> dict[str, Any]:
        """A set with the team's product."""
        made: dict[str, Any] = self.command("CreateImageSet", team_id=team["team"]["id"], name=name)
        self.command("AttachProduct", image_set_id=made["id"], product_id=team["product"]["id"])
        return made

    def upload(self, image_set: dict[str, Any], path: Path) -> dict[str, Any]:
        """An image by REST."""
        with path.open("rb") as file:
            answer = self.session.post(
                f"{self.server.url}api/v1/images/images/", files={"file_path": file},
                data={"image_set": image_set["number"]}, timeout=120,
            )  # fmt: skip
        image: dict[str, Any] = self._json(answer)["results"][0]
        return image

    def annotations(self, image_number: int) -> dict[str, Any]:
        """What a fresh load gives: by id, without the removed ones."""
        rows = self.get(f"api/v1/images/images/{image_number}/annotations/")["annotations"]
        return {row["id"]: row for row in rows if not row["removed"]}

    @staticmethod
    def _json(answer: requests.Response) -> Any:
        assert answer.ok, f"{answer.status_code} {answer.url}: {answer.text[:500]}"
        return answer.json() if answer.content else None


class Desk:
    """One person's browser window."""

    def __init__(self, page: Page, url: str, name: str) -> None:
        self.page, self.url, self.name = page, url, name
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def sign_in(self, password: str) -> None:
        self.page.goto(f"{self.url}sign-in/")
        self.page.fill("[name=username]", self.name)
        self.page.fill("[name=password]", password)
        self.page.press("[name=password]", "Enter")
        self.page.wait_for_url(re.compile(r"/$"))

    def marked(self, name: str) -> Locator:
        return self.page.get_by_test_id(name)

    def open_set(self, number: int) -> None:
        self.page.goto(f"{self.url}images/imageset/{number}/")

    def upload(self, *paths: Path) -> Locator:
        """Gives files to the upload; answers the last one's line."""
        self.marked("upload-input").set_input_files([str(path) for path in paths])
        return self.marked("upload-item").last

    def open_image(self, number: int) -> None:
        self.page.goto(f"{self.url}annotations/{number}/")
        self.wait_until_live()
        stage = self.page.locator('.stage[data-placed], .stage[data-tiles="failed"]')
        expect(stage).to_be_attached(timeout=20_000)

    def wait_until_live(self) -> None:
        expect(self.marked("status").first).to_have_attribute("data-state", "live", timeout=20_000)

    def wait_until_saved(self) -> None:
        expect(self.marked("status").first).to_have_attribute("data-unsent", "0", timeout=20_000)

    def choose(self, kind: str) -> None:
        """A type by its number key, as somebody in a hurry does."""
        self.page.keyboard.press(str(list(COLOURS).index(kind) + 1))

    def point(self, x: float, y: float) -> tuple[float, float]:
        """A place on the stage: 0..1 of its width and height, as a place in the window."""
        box = self.marked("stage").bounding_box()
        assert box is not None
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def click(self, x: float, y: float) -> None:
        self.page.mouse.click(*self.point(x, y))

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.page.mouse.move(*self.point(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.point((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
        self.page.mouse.move(*self.point(*end))
        self.page.mouse.up()

    def draw_polygon(self, x: float, y: float, size: float = 0.05) -> None:
        """A triangle, closed with Enter."""
        self.choose("tumour")
        for place in ((x, y), (x + size, y), (x, y + size)):
            self.click(*place)
        self.page.keyboard.press("Enter")

    def draw_box(self, x: float, y: float, size: float = 0.05) -> None:
        self.choose("cell")
        self.drag((x, y), (x + size, y + size))

    def shapes(self) -> Locator:
        """The list of annotations, the keyboard twin of the stage."""
        return self.marked("annotation")

    def expect_shapes(self, count: int) -> None:
        expect(self.shapes()).to_have_count(count, timeout=20_000)

    def ids(self) -> set[str]:
        return {str(item.get_attribute("data-id")) for item in self.shapes().all()}
