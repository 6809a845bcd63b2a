"""Asks the web process beside it whether all is well; the exit code tells the container engine."""

import sys
import urllib.request

# As nginx would ask: behind TLS a plain request would only be sent on to https.
ASKED = urllib.request.Request("http://127.0.0.1:8000/health/", headers={"X-Forwarded-Proto": "https"})

with urllib.request.urlopen(ASKED, timeout=8) as answer:  # noqa: S310 - the address above
    sys.exit(answer.status != 200)
