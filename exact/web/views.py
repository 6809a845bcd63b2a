"""The pages: signing in and out, one shell for the client to fill, and the change of one's own password."""

import json
from typing import Any

from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe
from typing_extensions import override

from exact.accounts.models import User
from exact.web import attempts
from exact.web.manifest import NotBuilt, client

PAGES = "src/pages.ts"
VIEWER = "src/viewer.ts"
WRONG = "This user name and password do not belong together. Check both, and whether Caps Lock is on."
WAIT = f"Too many failed attempts. Wait {attempts.WAIT_S // 60} minutes, then try again."


def _shell(request: HttpRequest, template: str, entry: str, **context: object) -> HttpResponse:
    """A page with the built client, or the word that it is not built."""
    try:
        built = client(entry)
    except NotBuilt:
        return render(request, "web/not-built.html", status=503)
    return render(request, template, {"client": built, "static_url": settings.STATIC_URL, **context})


@require_safe
@never_cache
@ensure_csrf_cookie
@login_required
def page(request: HttpRequest, **_address: int) -> HttpResponse:
    """Every page but the viewer: the client reads the address itself."""
    return _shell(request, "web/page.html", PAGES)


@require_safe
@login_required
def administration(request: HttpRequest) -> HttpResponse:
    """The accounts and the caches of the site, for its administrators."""
    if not (isinstance(request.user, User) and request.user.is_staff):
        raise PermissionDenied
    return page(request)


@require_safe
@never_cache
@ensure_csrf_cookie
@login_required
def viewer(request: HttpRequest, number: int) -> HttpResponse:
    """The viewer of one image."""
    return _shell(request, "web/viewer.html", VIEWER, image=number)


@method_decorator(ensure_csrf_cookie, name="dispatch")
class SignIn(LoginView):
    """Signing in; too many failures of one name from one address have to wait, whatever the password."""

    redirect_authenticated_user = True

    @override
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if attempts.exhausted(request.POST.get("username", ""), _address_of(request)):
            return self._again(self.get_form_class()(request), WAIT, 429)
        return super().post(request, *args, **kwargs)

    @override
    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        attempts.succeeded(form.cleaned_data["username"], _address_of(self.request))
        return _forgotten_by_the_browser(super().form_valid(form))

    @override
    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        name, address = self.request.POST.get("username", ""), _address_of(self.request)
        attempts.failed(name, address)
        waits = attempts.exhausted(name, address)
        return self._again(form, WAIT if waits else WRONG, 429 if waits else 401)

    @override
    def render_to_response(self, context: dict[str, Any], **_options: Any) -> HttpResponse:
        return self._again(context["form"], "", 200)

    def _again(self, form: BaseForm, problem: str, status: int) -> HttpResponse:
        response = _shell(
            self.request,
            "web/sign-in.html",
            PAGES,
            form=form,
            problem=problem,
            next=self.get_redirect_url(),
        )
        response.status_code = max(status, response.status_code)
        return response


class SignOut(LogoutView):
    """Signing out."""

    @override
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _forgotten_by_the_browser(super().post(request, *args, **kwargs))


def _forgotten_by_the_browser(response: HttpResponse) -> HttpResponse:
    """Tiles are kept by the browser under addresses that name nobody; the next person at the desk must not get them."""
    response["Clear-Site-Data"] = '"cache"'
    return response


def _address_of(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


@require_POST
def change_password(request: HttpRequest) -> HttpResponse:
    """One's own password, from JSON; other sessions of this person end, this one goes on."""
    if not isinstance(request.user, User):
        return JsonResponse({"code": "not_authenticated", "detail": "You are signed out. Sign in again."}, status=403)
    form = PasswordChangeForm(request.user, _sent(request))
    if not form.is_valid():
        return _refused(form)
    form.save()
    update_session_auth_hash(request, request.user)
    return JsonResponse({"changed": True})


def _sent(request: HttpRequest) -> dict[str, Any]:
    try:
        sent = json.loads(request.body)
    except ValueError:
        return {}  # every missing field is then named in the answer
    return sent if isinstance(sent, dict) else {}


def _refused(form: BaseForm) -> JsonResponse:
    """The fields and their sentences, in the shape of the REST answers."""
    fields = {name: [str(sentence) for sentence in sentences] for name, sentences in form.errors.items()}
    detail = " ".join(sentence for sentences in fields.values() for sentence in sentences)
    return JsonResponse({**fields, "code": "invalid", "detail": detail}, status=400)
