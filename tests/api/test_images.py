"""images/images: uploads that leave an image or nothing, and everything that can be asked of one."""

import asyncio
import io
import os
import zipfile

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection, connections
from django.test import AsyncClient
from PIL import Image

from exact.accounts.models import User
from exact.api.downloads import Download
from exact.domain.teams import Role
from exact.projections.models import ImageRow
from exact.storage import originals
from exact.storage.bundles import Member, manifest_of
from exact.storage.uploads import receiving
from tests.api.clients import V1, Place, client_of
from tests.builders import a_workplace, someone
from tests.samples import svs, vms

pytestmark = pytest.mark.django_db
URL = f"{V1}/images/images/"
BOUNDARY = "UploadBoundary-xyz"


@pytest.fixture
def place():
    return Place(a_workplace())


@pytest.fixture(autouse=True)
def _folders(tmp_path, settings):
    for name in ("ORIGINALS", "UPLOADS", "CACHE"):
        folder = tmp_path / name
        folder.mkdir()
        setattr(settings, name, folder)


def png(width=300, height=200, colour="red", **save):
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, save.pop("format", "PNG"), **save)
    return out.getvalue()


def part(name, content, filename=None):
    kept = f'; filename="{filename}"' if filename is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{kept}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def upload(client, *parts, end=b"--UploadBoundary-xyz--\r\n", **headers):
    body = b"".join(parts) + end
    return client.post(URL, body, content_type=f"multipart/form-data; boundary={BOUNDARY}", **headers)


def into(place):
    return part("image_set", str(place.image_set).encode())


def left():
    """Every file that an upload has left, and the images beside the first one."""
    roots = settings.ORIGINALS, settings.UPLOADS, settings.CACHE
    return [file for root in roots for file in root.rglob("*") if file.is_file()], ImageRow.objects.count() - 1


def test_an_uploaded_picture_is_answered_in_the_ancestors_page(place):
    content = png()
    answer = upload(place.client, into(place), part("file_path", content, "nüclei.png"))
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert (body["count"], body["next"], body["previous"], body["errors"]) == (1, None, None, [])
    image = body["results"][0]
    assert (image["name"], image["width"], image["height"], image["image_set"]) == (
        "nüclei.png",
        300,
        200,
        place.image_set,
    )
    assert (image["mpp"], image["objectivePower"], image["depth"]) == (0.0, 1.0, 1)
    assert originals.path_of(image["sha256"]).read_bytes() == content
    assert list(settings.UPLOADS.iterdir()) == []


def test_any_field_name_and_any_order_and_several_files_are_accepted(place):
    files = [part(name, png(colour=colour), f"{colour}.png") for name, colour in (("x", "red"), ("files[]", "blue"))]
    before = upload(place.client, *files, into(place))
    assert [row["name"] for row in before.json()["results"]] == ["red.png", "blue.png"]
    by_query = part("f", png(colour="green"), "green.png") + b"--UploadBoundary-xyz--\r\n"
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    assert place.client.post(f"{URL}?image_set={place.image_set}", by_query, content_type=kind).status_code == 200


def test_the_same_file_again_is_refused_with_the_name_of_the_first(place):
    upload(place.client, into(place), part("f", png(), "first.png"))
    again = upload(place.client, into(place), part("f", png(), "second.png"))
    assert (again.status_code, again.json()["code"]) == (409, "duplicate")
    assert "first.png" in again.json()["detail"]
    other = Place(a_workplace(place.owner))
    assert upload(place.client, into(other), part("f", png(), "second.png")).status_code == 200


def test_what_is_good_of_several_files_is_kept_and_the_rest_is_explained(place):
    answer = upload(place.client, into(place), part("f", b"nonsense", "bad.svs"), part("f", png(), "good.png"))
    body = answer.json()
    assert answer.status_code == 200
    assert [row["name"] for row in body["results"]] == ["good.png"]
    assert [(error["name"], error["code"]) for error in body["errors"]] == [("bad.svs", "unsupported_format")]


def test_a_repeated_upload_with_the_same_key_gets_the_first_answer(place):
    parts = into(place), part("f", png(), "a.png")
    first, second = (upload(place.client, *parts, HTTP_IDEMPOTENCY_KEY="up") for _ in range(2))
    assert first.json() == second.json()
    assert left()[1] == 1


DANGEROUS = ["../../evil.png", "..\\evil.png", "/etc/passwd.png", "<script>.png", "..", "a\x07.png", "x" * 300 + ".png",
             "a:b.png", "\u202egnp.exe"]  # fmt: skip


@pytest.mark.parametrize("name", DANGEROUS)
def test_a_dangerous_name_is_refused_and_leaves_nothing(place, name):
    answer = upload(place.client, into(place), part("f", png(), name))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_filename")
    assert left() == ([], 0)


def files_that_are_none():
    tiff = png(1000, 1000, format="TIFF", compression="raw")
    return {
        "random.svs": os.urandom(5000),
        "cut.tif": tiff[: len(tiff) // 3],
        "empty.png": b"",
        "text.png": b"I am no picture.",
        "zeros.zip": b"PK\x03\x04" + bytes(3000),
        "huge.png": png()[:16] + (2**31 - 1).to_bytes(4, "big") * 2 + png()[24:],
    }


@pytest.mark.parametrize("name", files_that_are_none())
def test_a_file_that_is_no_image_is_refused_with_a_sentence_and_leaves_nothing(place, name):
    answer = upload(place.client, into(place), part("f", files_that_are_none()[name], name))
    assert answer.status_code in {400, 413, 415}, answer.content
    assert name in answer.json()["detail"]
    assert left() == ([], 0)


def test_a_picture_larger_than_the_server_unpacks_is_refused(place, settings):
    settings.PICTURE_MAX_PIXELS = 1000
    answer = upload(place.client, into(place), part("f", png(), "large.png"))
    assert answer.status_code == 413
    assert left() == ([], 0)


def test_more_bytes_than_the_server_takes_are_refused(place, settings):
    settings.UPLOAD_MAX_BYTES = 100
    answer = upload(place.client, into(place), part("f", png(), "large.png"))
    assert answer.status_code == 413
    assert left() == ([], 0)


def test_who_may_not_upload_is_refused_before_anything_is_stored(place, monkeypatch):
    stored = []
    monkeypatch.setattr("exact.api.v1.uploads.receiving", lambda *_: stored.append(1))
    parts = into(place), part("f", png(), "a.png")
    assert upload(client_of(someone()), *parts).status_code == 404
    assert upload(client_of(place.workplace.member(Role.VIEWER)), *parts).status_code == 403
    assert upload(client_of(someone()), part("f", png(), "a.png"), into(place)).status_code == 403
    assert stored == []


def test_a_file_sent_before_a_set_of_others_is_thrown_away(place):
    elsewhere = Place(a_workplace())
    answer = upload(elsewhere.client, part("f", png(), "a.png"), into(place))
    assert answer.status_code == 404
    assert list(settings.ORIGINALS.iterdir()) == list(settings.UPLOADS.iterdir()) == []


def test_a_broken_body_is_refused_in_words(place):
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    broken = {
        "no file": upload(place.client, into(place)),
        "no set": upload(place.client, part("f", png(), "a.png")),
        "no such set": upload(place.client, part("image_set", b"99999999999"), part("f", png(), "a.png")),
        "a set in words": upload(place.client, part("image_set", b"x\0y"), part("f", png(), "a.png")),
        "nothing": place.client.post(URL, b"", content_type=kind),
        "no boundary": place.client.post(URL, b"x", content_type="multipart/form-data"),
        "JSON": place.client.post(URL, {"name": "x"}, format="json"),
        "long field": upload(place.client, part("image_set", b"1" * 5000), part("f", png(), "a.png")),
    }
    assert {name: 400 <= answer.status_code < 500 for name, answer in broken.items()} == dict.fromkeys(broken, True)
    assert all(answer.json()["detail"] for answer in broken.values())
    assert left() == ([], 0)


def test_a_failure_after_the_file_was_kept_leaves_no_file(place, monkeypatch):
    monkeypatch.setattr("exact.api.v1.uploads.refuse_twin", lambda *_: None)
    upload(place.client, into(place), part("f", png(), "a.png"))
    other = Place(a_workplace(place.owner))
    monkeypatch.setattr("exact.api.v1.uploads.wish", lambda *_, **__: 1 / 0)
    place.client.raise_request_exception = False
    sha256 = ImageRow.objects.get(name="a.png").sha256
    assert upload(place.client, into(other), part("f", png(colour="blue"), "b.png")).status_code == 500
    assert upload(place.client, into(other), part("f", png(), "c.png")).status_code == 500
    kept = [file.name for file in settings.ORIGINALS.rglob("*") if file.is_file()]
    assert kept == [sha256]


def image_of(place):
    """One that is kept already: what is asked of it has nothing to do with the process that looks into an upload."""
    content = png(3000, 2500)
    with receiving([content], "big.png") as received:
        originals.keep(received.path, received.sha256)
    known = {"sha256": received.sha256, "size_bytes": len(content), "format": "picture", "width": 3000, "height": 2500}
    return place.workplace.image("big.png", **known).number, content


def kept(place, path):
    """The number of an image with that file."""
    with receiving([path.read_bytes()], path.name) as received:
        originals.keep(received.path, received.sha256)
    return place.workplace.image(path.name, sha256=received.sha256).number


def test_the_file_comes_back_byte_for_byte_with_its_length(place):
    number, content = image_of(place)
    for url in (f"{URL}{number}/download/", f"/images/api/image/download/{number}/?original_image=True"):
        answer = place.client.get(url, HTTP_ACCEPT="application/json")
        assert b"".join(answer.streaming_content) == content
        assert answer["Content-Length"] == str(len(content))
        assert answer["Content-Disposition"] == 'attachment; filename="big.png"'
        assert place.client.head(url).status_code == 200


def test_a_download_is_read_in_blocks_when_it_is_served_asynchronously():
    async def blocks():
        return [block async for block in Download(io.BytesIO(bytes(600_000)), "x")]

    assert [len(block) for block in asyncio.run(blocks())] == [262_144, 262_144, 75_712]


def test_thumbnail_levels_and_patches_are_shown(place):
    number, _ = image_of(place)
    thumbnail = place.client.get(f"{URL}{number}/thumbnail/", HTTP_ACCEPT="image/png")
    assert (thumbnail["Content-Type"], Image.open(io.BytesIO(thumbnail.content)).size) == ("image/jpeg", (256, 213))
    again = place.client.get(f"{URL}{number}/thumbnail/", HTTP_IF_NONE_MATCH=thumbnail["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    known = place.client.get(f"{URL}{number}/slide_information/").json()
    assert (known["id"], known["level_dimensions"][0], known["level_tiles"][0]) == (str(number), [3000, 2500], [1, 1])
    patch = place.client.get(f"{URL}{number}/get_patch?x=2900&y=2400&level=0&width=500&height=400")
    assert (patch["Content-Type"], Image.open(io.BytesIO(patch.content)).size) == ("image/png", (100, 100))


@pytest.mark.parametrize("query", ["x=-1", "x=abc", "level=50", "width=4000", "x=5000", "plane=9", "x=9999999999999"])
def test_a_patch_that_makes_no_sense_is_refused(place, query):
    number, _ = image_of(place)
    assert place.client.get(f"{URL}{number}/get_patch/?{query}").status_code == 400


def test_the_ancestors_metadata_is_told_with_labels_and_null_where_unknown(place):
    number, _ = image_of(place)
    body = place.client.get(f"/images/api/image/metadata/{number}/").json()
    told = body["meta_data"]
    assert (told["image_size"], told["numberOfFrames"], told["level_count"]) == ("3000 x 2500", 1, 5)
    assert (told["mpp_x"], told["mpp_y"], "mpp_z" in told) == (None, None, False)
    assert told["uploaded_by"] == place.owner.name
    assert told.keys() == body["meta_data_dict"].keys()


def test_metadata_has_one_shape_and_says_null_where_it_knows_nothing(place, tmp_path):
    picture, _ = image_of(place)
    slide = kept(place, svs(tmp_path / "slide.svs", (1300, 900)))
    [plain, told] = [place.client.get(f"{URL}{number}/metadata/").json() for number in (picture, slide)]
    assert plain.keys() == told.keys()
    assert plain["pixel_size_um"] == {"x": None, "y": None, "z": None, "source": None}
    assert (plain["objective_power"], plain["scanner"], plain["channels"]) == (None, None, [])
    assert {name: told["pixel_size_um"][name] for name in "xyz"} == {"x": 0.2525, "y": 0.2525, "z": None}
    assert told["objective_power"] == 40
    assert told["levels"][0] == {"width": 1300, "height": 900, "downsample": 1.0}
    assert told["frames"]["count"] == 1
    assert [plane["name"] for plane in told["planes"]] == ["image"]


def test_what_can_carry_names_is_withheld_from_those_without_the_right_to_it(place, tmp_path):
    number = kept(place, svs(tmp_path / "slide.svs", (300, 200)))
    member = client_of(place.workplace.member(Role.VERIFIER))
    for client, all_of_it in ((place.client, True), (member, False)):
        told = client.get(f"{URL}{number}/metadata/").json()
        assert (told["may_read_labels"], told["withheld_properties"] == 0) == (all_of_it, all_of_it)
        assert told["properties"]["aperio.MPP"] == "0.2525"
        assert ("tiff.ImageDescription" in told["properties"]) is all_of_it
        ancestors = client.get(f"/images/api/image/metadata/{number}/").json()["meta_data"]
        assert ("tiff.ImageDescription" in ancestors) is all_of_it


def test_an_image_without_its_file_says_so(place):
    for name in ("thumbnail", "download", "slide_information", "get_patch", "metadata"):
        answer = place.client.get(f"{URL}{place.image}/{name}/")
        assert answer.status_code == 404
        assert "missing" in answer.json()["detail"]


def test_an_image_is_renamed_and_withdrawn(place):
    url = f"{URL}{place.image}/"
    renamed = place.client.patch(url, {"name": "new.svs", "mpp": 3, "annotations": []}, format="json")
    assert (renamed.json()["name"], renamed.json()["mpp"], renamed.json()["filename"]) == ("new.svs", 0.25, "slide.svs")
    assert [place.client.delete(url).status_code for _ in range(2)] == [204, 204]
    assert place.client.get(url).status_code == 404
    assert place.client.get(URL).json()["count"] == 0


def test_every_filter_of_images_leaves_what_it_says(place):
    other = place.workplace.image("other.ndpi", pixel_size_um=(None, None, None), width=500).number
    place.post()
    place.client.post(f"{V1}/annotations/verifications/", {"annotation": place.post().json()["id"]}, format="json")
    both = [place.image, other]
    expected = {
        "name__contains=other": [other],
        "name__in=slide.svs,other.ndpi": both,
        "filename=slide.svs": [place.image],
        "mpp__range=0.2,0.3": [place.image],
        "mpp=0": [other],
        "width__range=100,600": [other],
        f"image_set={place.image_set}": both,
        f"annotation_type={place.polygon}": [place.image],
        "num_annotations_min=1": [place.image],
        "num_annotations_max=1": [other],
        "num_annotations_min=0&num_annotations_max=2": both,
        "verified=True": [place.image],
        "verified=false": [other],
        "time__range=2000-01-01,2100-01-01": both,
    }
    found = {query: [row["id"] for row in place.client.get(f"{URL}?{query}").json()["results"]] for query in expected}
    assert found == expected


@pytest.mark.parametrize(
    "query", ["", "?omit=annotations", "?expand=image_set.team,annotations,FrameDescriptions,uploaded_by"]
)
def test_a_list_of_images_takes_a_fixed_number_of_queries(place, query, django_assert_max_num_queries):
    place.post()
    with django_assert_max_num_queries(20) as queries:
        place.client.get(URL + query)
    count = len(queries.captured_queries)
    for i in range(9):
        place.workplace.image(f"{i}.svs", frame_names=("z=0 mm",))
        place.post()
    with django_assert_max_num_queries(count):
        assert len(place.client.get(URL + query).json()["results"]) == 10


def test_the_connection_is_not_left_in_a_broken_transaction(place):
    upload(place.client, into(place), part("f", b"nonsense", "bad.svs"))
    with connection.cursor() as cursor:
        cursor.execute("select 1")
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db(transaction=True)
async def test_uploads_and_downloads_work_the_same_through_asgi():
    place = await sync_to_async(lambda: Place(a_workplace()))()
    client = AsyncClient()
    await sync_to_async(client.force_login)(await User.objects.aget(person_id=place.owner.person_id))
    body = into(place) + part("f", png(), "a.png") + b"--UploadBoundary-xyz--\r\n"
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    number = (await client.post(URL, body, content_type=kind)).json()["results"][0]["id"]
    answer = await client.get(f"{URL}{number}/download/")
    assert b"".join([block async for block in answer]) == png()
    await sync_to_async(connections.close_all)()


def zip_of(files):
    """An archive of these files in memory."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return out.getvalue()


def test_a_zip_becomes_the_images_that_are_in_it_and_a_slide_of_many_files_comes_back_whole(place, tmp_path):
    vms(tmp_path / "scan")
    slide = {path.name: path.read_bytes() for path in (tmp_path / "scan").iterdir()}
    inside = {**{f"scans/{name}": content for name, content in slide.items()}, "scans/one.png": png(), "Thumbs.db": b""}
    answer = upload(place.client, into(place), part("file_path", zip_of(inside), "scans.zip"))
    assert answer.status_code == 200, answer.content
    body = answer.json()
    images = {image["name"]: image for image in body["results"]}
    assert set(images) == {"slide.vms", "one.png"}
    assert (body["errors"], body["passed_over"]) == ([], ["Thumbs.db"])
    shown = images["slide.vms"]
    assert (shown["width"], shown["height"], shown["format"]) == (768, 512, "hamamatsu")
    assert shown["size_bytes"] == sum(map(len, slide.values()))
    assert place.client.get(f"{URL}{shown['id']}/thumbnail/").status_code == 200
    loaded = place.client.get(f"{URL}{shown['id']}/download/")
    assert 'filename="slide.zip"' in loaded["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(b"".join(loaded.streaming_content))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == slide
    assert list(settings.UPLOADS.iterdir()) == []


def test_what_is_bad_in_a_zip_is_told_by_name_and_the_rest_is_taken(place):
    inside = {"good.png": png(), "bad.png": b"no picture", "one.mrxs": b"alone"}
    body = upload(place.client, into(place), part("file_path", zip_of(inside), "some.zip")).json()
    assert [image["name"] for image in body["results"]] == ["good.png"]
    assert {error["name"]: error["code"] for error in body["errors"]} == {
        "bad.png": "unsupported_format",
        "some/one.mrxs": "incomplete",
    }


def test_a_zip_that_would_harm_leaves_nothing(place):
    answer = upload(place.client, into(place), part("file_path", zip_of({"../../evil.png": png()}), "evil.zip"))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_archive")
    assert left() == ([], 0)


def test_a_list_of_files_that_somebody_made_up_is_no_image(place):
    """It would open what others have uploaded, for whoever knows the hashes."""
    kept = upload(place.client, into(place), part("f", png(), "a.png")).json()["results"][0]
    made_up = manifest_of([Member(path="a.png", sha256=kept["sha256"], size=kept["size_bytes"])])
    answer = upload(place.client, into(place), part("f", made_up, "a.json"))
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_format")
