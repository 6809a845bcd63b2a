"""Accounts: the site's administrators make them, shut and open them; nobody else does, and no token."""

import base64

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from exact.accounts.models import AccessToken, User
from tests.api.clients import V1, client_of
from tests.builders import PASSWORD, a_user, a_workplace, someone

pytestmark = pytest.mark.django_db
USERS, ME = f"{V1}/users/users/", f"{V1}/me/"
GRACE = {"username": "grace", "first_name": "Grace", "last_name": "Hopper", "email": "grace@example.org"}


@pytest.fixture(autouse=True)
def _nobody_has_failed_yet():
    cache.clear()


@pytest.fixture
def staff():
    return a_user(is_staff=True)


@pytest.fixture
def admin(staff):
    client = APIClient()
    client.force_login(staff)
    return client


def basic(name, password):
    return {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def signs_in(name, password):
    return Client().login(username=name, password=password)


def test_a_colleague_signs_in_with_the_password_that_was_shown_once(admin):
    made = admin.post(USERS, GRACE, format="json")
    assert made.status_code == 201
    body = made.json()
    assert (body["username"], body["name"], body["email"]) == ("grace", "Grace Hopper", "grace@example.org")
    assert (body["is_active"], body["is_staff"], body["is_superuser"]) == (True, False, False)
    assert signs_in("grace", body["password"])
    for again in (admin.get(USERS), admin.get(f"{USERS}{body['id']}/")):
        assert body["password"] not in again.content.decode()


def test_a_password_that_was_given_is_checked_and_not_repeated(admin):
    made = admin.post(USERS, {**GRACE, "password": " a compiler of 1952 "}, format="json")
    assert made.status_code == 201
    assert "password" not in made.json()
    assert signs_in("grace", " a compiler of 1952 ")


@pytest.mark.parametrize("weak", ["short", "password1234", "grace@example.org"])
def test_a_password_that_is_easily_guessed_is_refused_at_its_field(admin, weak):
    refused = admin.post(USERS, {**GRACE, "password": weak}, format="json")
    assert refused.status_code == 400
    assert refused.json()["password"]
    assert not User.objects.filter(username="grace").exists()


@pytest.mark.parametrize(("field", "wrong"), [("username", ""), ("username", "grace hopper"), ("username", "g" * 151),
                                              ("email", "nowhere"), ("password", None)])  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(admin, field, wrong):
    refused = admin.post(USERS, {**GRACE, field: wrong}, format="json")
    assert refused.status_code == 400
    assert refused.json()[field]


@pytest.mark.parametrize("name", ["grace", "\N{FULLWIDTH LATIN SMALL LETTER G}race"])
def test_a_name_that_is_taken_is_refused_also_in_other_letters(admin, name):
    a_user("grace")
    refused = admin.post(USERS, {"username": name}, format="json")
    assert refused.status_code == 400
    assert refused.json()["username"] == ["There is somebody called grace already; choose another user name."]


def test_an_administrator_makes_no_administrator(admin):
    made = admin.post(USERS, {**GRACE, "is_staff": True, "is_superuser": True, "is_active": False}, format="json")
    user = User.objects.get(pk=made.json()["id"])
    assert (user.is_staff, user.is_superuser, user.is_active) == (False, False, True)


@pytest.mark.parametrize("address", ["", "{pk}/deactivate/", "{pk}/activate/", "{pk}/password/"])
def test_nobody_else_manages_accounts_and_no_token_does(staff, address):
    other = a_user()
    url, password = USERS + address.format(pk=other.pk), other.password
    _, text = AccessToken.make(staff, "script")
    for client, headers in ((client_of(someone()), {}), (APIClient(), {"HTTP_AUTHORIZATION": f"Bearer {text}"})):
        refused = client.post(url, GRACE, format="json", **headers)
        assert refused.status_code == 403
        assert refused.json()["detail"].count(" ") > 3, "a sentence"
    other.refresh_from_db()
    assert (other.is_active, other.password) == (True, password)
    assert not User.objects.filter(username="grace").exists()


def test_a_deactivated_person_is_shut_out_of_every_door_until_activated(admin):
    user = a_user()
    _, text = AccessToken.make(user, "script")
    client = APIClient()
    client.force_login(user)
    doors = [(client, {}), (APIClient(), basic(user.username, PASSWORD)),
             (APIClient(), {"HTTP_AUTHORIZATION": f"Bearer {text}"})]  # fmt: skip

    def statuses():
        return [door.get(ME, **headers).status_code for door, headers in doors]

    assert statuses() == [200, 200, 200]
    assert admin.post(f"{USERS}{user.pk}/deactivate/").json()["is_active"] is False
    assert statuses() == [403, 403, 403]
    assert not signs_in(user.username, PASSWORD)
    assert admin.post(f"{USERS}{user.pk}/activate/").json()["is_active"] is True
    assert statuses() == [200, 200, 200]


def test_a_new_password_is_shown_once_and_ends_the_old_one_and_its_sessions(admin):
    user = a_user()
    client = APIClient()
    client.force_login(user)
    answer = admin.post(f"{USERS}{user.pk}/password/")
    assert (answer.status_code, list(answer.json())) == (200, ["password"])
    assert client.get(ME).status_code == 403
    assert not signs_in(user.username, PASSWORD)
    assert signs_in(user.username, answer.json()["password"])


@pytest.mark.parametrize("deed", ["deactivate", "activate", "password"])
def test_an_administrator_does_not_shut_themselves_out(admin, staff, deed):
    refused = admin.post(f"{USERS}{staff.pk}/{deed}/")
    assert (refused.status_code, refused.json()["code"]) == (409, "own_account")
    assert admin.get(ME).status_code == 200


@pytest.mark.parametrize("deed", ["deactivate", "activate", "password"])
def test_nobody_is_not_found(admin, deed):
    assert admin.post(f"{USERS}999999/{deed}/").status_code == 404


def test_the_administrators_list_has_everybody_and_for_others_it_stays_as_it_was(admin, staff):
    work, gone = a_workplace(), a_user(email="gone@example.org", is_active=False)
    shown = {row["username"]: row for row in admin.get(USERS).json()["results"]}
    assert set(shown) == {staff.username, work.owner.name, gone.username}
    assert (shown[gone.username]["is_active"], shown[gone.username]["email"]) == (False, "gone@example.org")
    others = client_of(work.owner).get(USERS).json()["results"]
    assert [row["username"] for row in others] == [work.owner.name]


def test_an_administrator_of_the_site_changes_the_name_of_nobody_else(admin):
    assert admin.patch(f"{USERS}{a_user().pk}/", {"first_name": "X"}, format="json").status_code == 403
