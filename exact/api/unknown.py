"""Addresses below /api/ that nobody answers: a sentence in JSON, not a page."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def unknown(request: HttpRequest) -> JsonResponse:
    """404 for every method."""
    return JsonResponse({"code": "not_found", "detail": f"There is nothing at {request.path}."}, status=404)
