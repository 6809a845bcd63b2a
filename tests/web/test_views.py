"""The shells need a signed-in person, carry no inline script, and say what is wrong in a sentence."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client

from exact.accounts.models import User
from exact.web import attempts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("built")]

NAME, PASSWORD = "ada", "analytical engine 1843"
PAGES = ["/", "/teams/1/", "/images/imageset/1/", "/account/"]


@pytest.fixture(autouse=True)
def no_failures_yet() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def ada() -> User:
    return User.objects.create_user(NAME, password=PASSWORD)


@pytest.fixture
def signed_in(ada: User) -> Client:
    browser = Client()
    browser.force_login(ada)
    return browser


def sign_in(browser: Client, password: str, **fields: str) -> tuple[int, str]:
    answer = browser.post("/sign-in/", {"username": NAME, "password": password, **fields})
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize("address", [*PAGES, "/people/", "/annotations/7/"])
def test_a_stranger_is_sent_to_sign_in_and_back_to_where_they_wanted(client: Client, address: str) -> None:
    answer = client.get(address, {"frame": "2"})
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/sign-in/?next={address}%3Fframe%3D2"


@pytest.mark.parametrize("address", PAGES)
def test_every_page_is_the_same_shell(signed_in: Client, address: str) -> None:
    answer = signed_in.get(address)
    assert "<exact-app></exact-app>" in answer.content.decode()
    assert "/static/dist/assets/pages-1.js" in answer.content.decode()


def test_the_page_of_the_people_is_for_administrators_of_the_site(signed_in: Client, ada: User) -> None:
    refused = signed_in.get("/people/")
    assert refused.status_code == 403
    assert "You may not do this" in refused.content.decode()
    User.objects.filter(pk=ada.pk).update(is_staff=True)
    answer = signed_in.get("/people/")
    assert (answer.status_code, "<exact-app></exact-app>" in answer.content.decode()) == (200, True)
    assert "no-store" in answer.headers["Cache-Control"]
    assert "csrftoken" in answer.cookies


def test_the_viewers_shell_names_the_image_and_loads_the_viewer_only(signed_in: Client) -> None:
    text = signed_in.get("/annotations/7/").content.decode()
    assert '<exact-viewer image="7"></exact-viewer>' in text
    assert "viewer-1.js" in text
    assert "pages-1.js" not in text


def test_the_shell_brings_the_token_that_changes_need(signed_in: Client) -> None:
    answer = signed_in.get("/")
    assert "csrftoken" in answer.cookies
    assert re.search(r'name="csrf-token" content="\w{32,}"', answer.content.decode())


def test_a_shell_is_never_kept_by_a_cache(signed_in: Client) -> None:
    assert "no-store" in signed_in.get("/").headers["Cache-Control"]


@pytest.mark.parametrize("address", [*PAGES, "/people/", "/annotations/7/", "/sign-in/", "/nothing/here/"])
def test_no_page_may_run_what_it_did_not_bring_as_a_file(client: Client, ada: User, address: str) -> None:
    if address != "/sign-in/":
        client.force_login(ada)
    answer = client.get(address)
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    text = answer.content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "an inline script"
    assert not re.search(r"<style|\sstyle=|\son\w+=", text), "an inline style or handler"


def test_a_client_that_is_not_built_is_said_in_a_sentence(signed_in: Client, built: Path) -> None:
    (built / "manifest.json").unlink()
    answer = signed_in.get("/")
    assert answer.status_code == 503
    assert "The client is not built yet" in answer.content.decode()


def test_the_right_password_leads_to_the_wanted_page(client: Client, ada: User) -> None:
    answer = client.post("/sign-in/?next=/teams/3/", {"username": NAME, "password": PASSWORD, "next": "/teams/3/"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/teams/3/")


def test_whoever_signs_in_or_out_leaves_no_tiles_to_the_next_person_at_the_desk(client: Client, ada: User) -> None:
    came = client.post("/sign-in/", {"username": "ada", "password": PASSWORD})
    went = client.post("/sign-out/")
    assert [answer["Clear-Site-Data"] for answer in (came, went)] == ['"cache"', '"cache"']


def test_signing_in_never_leads_to_another_server(client: Client, ada: User) -> None:
    answer = client.post("/sign-in/", {"username": NAME, "password": PASSWORD, "next": "https://elsewhere.example/"})
    assert answer.headers["Location"] == "/"


def test_a_wrong_password_is_said_without_telling_which_half_was_wrong(client: Client, ada: User) -> None:
    status, text = sign_in(client, "wrong")
    assert status == 401
    assert "do not belong together" in text
    assert f'value="{NAME}"' in text, "the name stays typed"
    assert sign_in(client, "wrong", username="nobody")[1].count("do not belong together") == 1


def test_after_some_failures_even_the_right_password_has_to_wait(client: Client, ada: User) -> None:
    statuses = [sign_in(client, "wrong")[0] for _ in range(attempts.LIMIT)]
    assert statuses == [401] * (attempts.LIMIT - 1) + [429]
    status, text = sign_in(client, PASSWORD)
    assert status == 429
    assert "Too many failed attempts" in text
    assert "_auth_user_id" not in client.session


def test_one_persons_failures_do_not_lock_another_out(client: Client, ada: User) -> None:
    User.objects.create_user("noor", password=PASSWORD)
    for _ in range(attempts.LIMIT):
        sign_in(client, "wrong")
    assert client.post("/sign-in/", {"username": "noor", "password": PASSWORD}).status_code == 302


def test_the_right_password_ends_the_count(client: Client, ada: User) -> None:
    for _ in range(attempts.LIMIT - 1):
        sign_in(client, "wrong")
    sign_in(client, PASSWORD)
    assert not attempts.exhausted(NAME, "127.0.0.1")


def test_signing_out_needs_a_post(signed_in: Client) -> None:
    assert signed_in.get("/sign-out/").status_code == 405
    assert signed_in.post("/sign-out/").headers["Location"] == "/sign-in/"
    assert signed_in.get("/").status_code == 302


def test_a_new_password_keeps_this_session_and_ends_the_others(signed_in: Client, ada: User) -> None:
    other = Client()
    other.force_login(ada)
    fields = {"old_password": PASSWORD, "new_password1": "difference engine 2", "new_password2": "difference engine 2"}
    assert post(signed_in, "/account/password/", fields)[0] == 200
    assert signed_in.get("/").status_code == 200
    assert other.get("/").status_code == 302


def test_a_refused_password_is_said_at_its_field(signed_in: Client, ada: User) -> None:
    fields = {"old_password": "wrong", "new_password1": "short", "new_password2": "short"}
    status, body = post(signed_in, "/account/password/", fields)
    assert status == 400
    assert set(body) == {"old_password", "new_password2", "code", "detail"}
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


@pytest.mark.parametrize("nonsense", ["[not json", "[]", "null", '"text"'])
def test_the_password_form_refuses_strangers_and_nonsense(client: Client, ada: User, nonsense: str) -> None:
    assert post(client, "/account/password/", {})[0] == 403
    client.force_login(ada)
    answer = client.post("/account/password/", nonsense, content_type="application/json")
    assert answer.status_code == 400
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


def test_a_form_without_the_token_is_refused(ada: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert browser.post("/sign-in/", {"username": NAME, "password": PASSWORD}).status_code == 403


def post(browser: Client, address: str, fields: dict[str, str]) -> tuple[int, dict[str, object]]:
    answer = browser.post(address, json.dumps(fields), content_type="application/json")
    return answer.status_code, answer.json()
