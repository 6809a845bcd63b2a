"""One team with everything in it, and somebody of each kind: what the table of doors is tried on."""

import io
from functools import cached_property
from typing import Any
from uuid import UUID

import msgspec
from PIL import Image
from rest_framework.test import APIClient

from exact.accounts.models import AccessToken, User
from exact.accounts.policy import Person
from exact.commands.annotations import VerifyAnnotation
from exact.commands.bus import dispatch
from exact.datasets.exporting import path_of
from exact.datasets.freezing import Freeze, freeze
from exact.datasets.models import Export
from exact.domain.annotations import Verdict
from exact.domain.teams import Role
from exact.eventstore.seals import seal
from exact.exchange.folders import ImportFolder
from exact.exchange.models import ImportRun
from exact.ingest.deliveries import Announced, announce
from exact.ingest.models import DeliveredFile
from exact.projections.models import VerificationRow
from exact.storage import originals
from exact.storage.uploads import receiving
from tests.api.clients import Place, client_of
from tests.architecture.matrix import WHO
from tests.builders import a_workplace, an_import, someone


def picture(colour: str = "white") -> bytes:
    """A small PNG."""
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "PNG")
    return out.getvalue()


class World:
    """The team's things by their numbers and streams, and the people by the words of the table."""

    def __init__(self) -> None:
        self.place = Place(a_workplace())
        work = self.place.workplace
        self.people: dict[str, Person | None] = {
            "anonymous": None,
            "stranger": a_workplace().owner,
            "owner": work.owner,
        }
        self.people |= {role.value: work.member(role) for role in Role if role is not Role.OWNER}
        self.outsider = someone()
        self.image = self._kept_image()
        self.drawn = work.draw(image_id=self.image.id)
        self.place.image = self.image.number
        dispatch(VerifyAnnotation(annotation_id=self.drawn.id, verdict=Verdict.ACCEPTED), by=self.person("verifier"))
        self.token, _ = AccessToken.make(User.objects.get(person_id=work.owner.person_id), "script")
        self.version = freeze(Freeze(name="nuclei", image_set_ids=(work.image_set_id,)), by=work.owner)
        self.export = self._written_export()
        self.delivery, self.upload = self._deliveries()
        self.imports = {progress: an_import(work, progress) for progress in ("running", "complete", "undone")}
        self._refused_rows(self.imports["complete"])
        seal()
        self.clients = {who: self._client(who) for who in WHO}

    def person(self, who: str) -> Person:
        """Somebody who is signed in."""
        person = self.people[who]
        assert person is not None
        return person

    def administrator(self) -> APIClient:
        """Somebody who administers the site, and owns another team as the stranger does."""
        person = a_workplace().owner
        User.objects.filter(person_id=person.person_id).update(is_staff=True)
        client = client_of(person)
        client.raise_request_exception = False
        return client

    def _client(self, who: str) -> APIClient:
        client = APIClient() if self.people[who] is None else client_of(self.person(who))
        client.raise_request_exception = False
        return client

    def _kept_image(self) -> Any:
        content = picture()
        with receiving([content], "white.png") as upload:
            originals.keep(upload.path, upload.sha256)
        return self.place.workplace.image("white.png", sha256=upload.sha256, width=40, height=30, format="picture")

    def _written_export(self) -> Export:
        export = Export.objects.create(team_id=self.place.workplace.team_id, position=1, format="csv",
                                       filename="x.csv", requested_by=self.place.owner.person_id, state="ready",
                                       sha256="0" * 64)  # fmt: skip
        path_of(export).parent.mkdir(parents=True, exist_ok=True)
        path_of(export).write_text("x")
        return export

    def _deliveries(self) -> tuple[UUID, UUID]:
        """One whose files have come, and a file of another one of which nothing has come."""
        work, wanted = self.place.workplace, Announced(path="a.png", size_bytes=0, image_set=self.place.image_set)
        come = announce(wanted, work.owner)
        DeliveredFile.objects.filter(id=come.id).update(whole=True)
        return come.delivery_id, announce(msgspec.structs.replace(wanted, size_bytes=10), work.owner).id

    def _refused_rows(self, import_id: UUID) -> None:
        work, folder = self.place.workplace, ImportFolder(import_id)
        ImportRun.objects.create(id=import_id, team_id=work.team_id, image_set_id=work.image_set_id, state="complete",
                                 requested_by=work.owner.person_id, wish=b"", format="jsonl", filename="x", sha256="",
                                 size_bytes=1, defaults={"image": None}, origin={}, rows_bad=1)  # fmt: skip
        folder.path.mkdir(parents=True, exist_ok=True)
        folder.rejected.write_text('{"line": 1, "code": "c", "detail": "d", "row": {}}\n')

    def import_for(self, route: str) -> UUID:
        """One in the state that the route is about."""
        return self.imports[{"cancel": "running", "restore": "undone"}.get(route.rpartition("/")[2], "complete")]

    @cached_property
    def numbers(self) -> dict[str, Any]:
        """What stands for the words in braces, looked up once: what the table is tried on is taken back each time."""
        place = self.place
        return {
            "user": place.owner.user_id,
            "team": place.team,
            "membership": place.membership(self.person("annotator")),
            "token": self.token.pk,
            "image_set": place.image_set,
            "image": place.image,
            "product": place.product,
            "annotation_type": place.polygon,
            "annotation": self.drawn.number,
            "verification": VerificationRow.objects.get().number,
            "version": self.version.number,
            "export": self.export.id,
            "delivery": self.delivery,
            "upload": self.upload,
            "number": 1,
            "position": self.drawn.position,
        }

    def body(self, method: str, route: str) -> Any:
        """A body that the owner's request is granted with."""
        small = {"x1": 1, "y1": 1, "x2": 20, "y2": 1, "x3": 1, "y3": 20}
        place, numbers = self.place, self.numbers
        bodies: dict[tuple[str, str], Any] = {
            ("POST", "api/v1/commands"): self.commands()["DescribeAnnotation"],
            ("POST", "api/v1/commands/batch"): {"commands": [self.commands()["DescribeAnnotation"]]},
            ("POST", "api/v1/users/users"): {"username": "another"},
            ("POST", "api/v1/users/teams"): {"name": "another"},
            ("POST", "api/v1/users/team_membership"): {"team": place.team, "username": self.outsider.name},
            ("POST", "users/api/tokens"): {"name": "another"},
            ("POST", "api/v1/images/image_sets"): {"name": "another", "team": place.team},
            ("POST", "api/v1/administration/products"): {"name": "another", "team": place.team},
            ("POST", "api/v1/annotations/annotation_types"): {"name": "n", "vector_type": 1, "product": place.product},
            ("POST", "api/v1/annotations/annotations"): place.body(vector=small),
            ("POST", "api/v1/annotations/verifications"): {"annotation": numbers["annotation"]},
            ("POST", "api/v1/images/deliveries/known"): {"image_set": place.image_set, "sha256": ["ab" * 32]},
            ("POST", "api/v1/datasets/versions"): {"name": "another", "image_sets": [place.image_set]},
            ("POST", "api/v1/datasets/versions/{version}/withdraw"): {"reason": "wrong"},
            ("POST", "api/v1/datasets/exports"): {"version": self.version.number, "format": "csv"},
        }
        changed = {"role": "viewer"} if "membership" in route else {"verified": False} if "verif" in route else {}
        described = {"description": "changed"} if route.endswith("{annotation}") else {}
        return bodies.get((method, route), {"name": "changed", "first_name": "New", **changed, **described})

    def commands(self) -> dict[str, dict[str, Any]]:
        """Each command with fields that the owner is granted; the geometry in 1/100 pixel."""
        work, drawn = self.place.workplace, str(self.drawn.id)
        team, image_set = {"team_id": str(work.team_id)}, {"image_set_id": str(work.image_set_id)}
        product, kind = {"product_id": str(work.product_id)}, {"annotation_type_id": str(work.types[5])}
        image, annotation = {"image_id": str(self.image.id)}, {"annotation_id": drawn}
        member = {"person_id": str(self.person("annotator").person_id)}
        shape = {"vector": {"vector_type": 5, "points": [100, 100, 2000, 100, 100, 2000]}}
        fields: dict[str, dict[str, Any]] = {
            "FoundTeam": {"name": "new"},
            "RenameTeam": {**team, "name": "new"},
            "AddMember": {**team, "person_id": str(self.outsider.person_id), "role": "viewer"},
            "ChangeRole": {**team, **member, "role": "viewer"},
            "RemoveMember": {**team, **member},
            "DissolveTeam": team,
            "RestoreTeam": team,
            "CreateProduct": {**team, "name": "new"},
            "ChangeProduct": {**product, "name": "new"},
            "WithdrawProduct": product,
            "RestoreProduct": product,
            "CreateAnnotationType": {**product, "name": "new", "vector_type": 1},
            "ChangeAnnotationType": {**kind, "name": "new"},
            "WithdrawAnnotationType": kind,
            "RestoreAnnotationType": kind,
            "CreateImageSet": {**team, "name": "new"},
            "DescribeImageSet": {**image_set, "name": "new"},
            "AttachProduct": {**image_set, **product},
            "DetachProduct": {**image_set, **product},
            "WithdrawImageSet": image_set,
            "RestoreImageSet": image_set,
            "RenameImage": {**image, "name": "new"},
            "WithdrawImage": image,
            "RestoreImage": image,
            "DrawAnnotation": {**image, **kind, **shape},
            "ReshapeAnnotation": {**annotation, **shape},
            "ReclassifyAnnotation": {**annotation, **kind},
            "DescribeAnnotation": {**annotation, "description": "new"},
            "EditAnnotation": {**annotation, "description": "new"},
            "RemoveAnnotation": annotation,
            "RestoreAnnotation": annotation,
            "VerifyAnnotation": {**annotation, "verdict": "rejected"},
            "WithdrawVerification": annotation,
            "WithdrawDatasetVersion": {"dataset_version_id": str(self.version.id), "reason": "new"},
            "ReinstateDatasetVersion": {"dataset_version_id": str(self.version.id)},
            "VerifyAnnotations": {**image, "verdict": "accepted"},
            "ReclassifyAnnotations": {**image, **kind},
            "RemoveAnnotations": image,
            "RestoreAnnotations": image,
            "Undo": {"command_id": str(self.drawn.command_id)},
            "CancelImport": {"import_id": str(self.imports["running"])},
            "UndoImport": {"import_id": str(self.imports["complete"])},
            "RestoreImport": {"import_id": str(self.imports["undone"])},
            "ImportAnnotations": {},
            "BringAnnotations": {},
            "CompleteImport": {},
            "RegisterImage": {},
            "FreezeDataset": {},
            "Batch": {},
        }
        return {name: {"command": name, **one} for name, one in fields.items()}
