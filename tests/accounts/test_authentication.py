"""Who gets in: sessions, Basic and tokens; and who does not, however they try."""

import base64
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from rest_framework.test import APIClient

from exact.accounts import failures
from exact.accounts.models import AccessToken, User
from tests.builders import PASSWORD, a_user

pytestmark = pytest.mark.django_db
ME, TOKENS = "/api/v1/me/", "/users/api/tokens/"


@pytest.fixture(autouse=True)
def _nobody_has_failed_yet():
    cache.clear()


def basic(name: str, password: str) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def bearer(text: str) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"bearer {text}"}


def test_nobody_is_told_403_and_no_window_opens():
    answer = APIClient().get(ME)
    assert answer.status_code == 403
    assert answer.json()["code"] == "not_authenticated"
    assert "WWW-Authenticate" not in answer


def test_name_and_password_or_a_token_say_who_it_is():
    user = a_user()
    _, text = AccessToken.make(user, "script")
    assert APIClient().get(ME, **basic(user.username, PASSWORD)).json()["username"] == user.username
    assert APIClient().get(ME, **bearer(text)).json()["username"] == user.username


NUL = "Basic " + base64.b64encode(b"a\0b:c").decode()


@pytest.mark.parametrize("header", ["Basic", "Basic !!", "Basic w6k=", "Basic Og==", NUL,
                                    "Bearer", "Bearer pat_", "Bearer pat_x.y", "Bearer nonsense"])  # fmt: skip
def test_a_broken_header_is_a_403(header):
    assert APIClient().get(ME, HTTP_AUTHORIZATION=header).status_code == 403


def test_a_deactivated_account_is_shut_out_of_every_door():
    user = a_user()
    _, text = AccessToken.make(user, "script")
    client = APIClient()
    client.force_login(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get(ME).status_code == 403
    assert APIClient().get(ME, **basic(user.username, PASSWORD)).status_code == 403
    assert APIClient().get(ME, **bearer(text)).status_code == 403


def test_a_new_password_ends_the_old_one_at_once():
    user = a_user()
    assert APIClient().get(ME, **basic(user.username, PASSWORD)).status_code == 200
    user.set_password("another good phrase")
    user.save()
    assert APIClient().get(ME, **basic(user.username, PASSWORD)).status_code == 403


def test_guessing_has_to_wait_and_does_not_disturb_who_is_known():
    user = a_user()
    client = APIClient()
    assert client.get(ME, **basic(user.username, PASSWORD)).status_code == 200
    guesses = [client.get(ME, **basic(user.username, f"guess {i}")).status_code for i in range(failures.LIMIT + 1)]
    assert guesses[0] == 403
    assert guesses[-1] == 429
    assert client.get(ME, **basic(user.username, PASSWORD)).status_code == 200


def test_a_session_must_show_the_token_of_its_forms():
    user = a_user()
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(user)
    answer = client.post(TOKENS, {"name": "x"}, format="json")
    assert answer.status_code == 403
    assert "CSRF" in answer.json()["detail"]


def test_a_token_is_shown_once_and_works_until_it_is_revoked():
    client = APIClient()
    client.force_login(a_user())
    made = client.post(TOKENS, {"name": "script"}, format="json")
    text = made.json()["token"]
    assert made.status_code == 201
    assert APIClient().get(ME, **bearer(text)).status_code == 200
    listed = client.get(TOKENS).json()["results"]
    assert [row["name"] for row in listed] == ["script"]
    assert text.partition(".")[2] not in str(listed)
    assert client.post(f"{TOKENS}{listed[0]['id']}/revoke/").json() == {"status": "revoked"}
    assert APIClient().get(ME, **bearer(text)).status_code == 403


def test_a_token_begets_no_token():
    _, text = AccessToken.make(a_user(), "script")
    answer = APIClient().post(TOKENS, {"name": "child"}, format="json", **bearer(text))
    assert answer.status_code == 403
    assert AccessToken.objects.count() == 1


def test_a_token_that_has_ended_is_refused():
    user = a_user()
    _, text = AccessToken.make(user, "old", timezone.now() - timedelta(seconds=1))
    assert APIClient().get(ME, **bearer(text)).status_code == 403
    client = APIClient()
    client.force_login(user)
    past = {"name": "x", "expires_at": "2001-01-01T00:00:00Z"}
    assert client.post(TOKENS, past, format="json").status_code == 400


def test_nobody_sees_or_revokes_the_tokens_of_others():
    token, _ = AccessToken.make(a_user(), "theirs")
    client = APIClient()
    client.force_login(a_user())
    assert client.get(TOKENS).json()["count"] == 0
    assert client.post(f"{TOKENS}{token.pk}/revoke/").status_code == 404
    assert AccessToken.objects.get(pk=token.pk).revoked_at is None
