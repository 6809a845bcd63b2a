"""Asks the web or tile process beside it, by its port, whether all is well; the exit code tells the engine."""

import sys
import urllib.request

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
# As nginx would ask: behind TLS a plain request would only be sent on to https.
ASKED = urllib.request.Request(f"http://127.0.0.1:{PORT}/health/", headers={"X-Forwarded-Proto": "https"})

with urllib.request.urlopen(ASKED, timeout=8) as answer:  # noqa: S310 - the address above
    sys.exit(answer.status != 200)
