"""The hash for access tokens: one SHA-256 with a salt, right for secrets of 256 random bits and for nothing else."""

import hashlib
from typing import Any

from django.contrib.auth.hashers import BasePasswordHasher
from django.utils.crypto import constant_time_compare


class TokenHasher(BasePasswordHasher):
    """`exact_token$<salt>$<hex>`; never used for passwords that people choose."""

    algorithm = "exact_token"

    def encode(self, password: str, salt: str) -> str:
        digest = hashlib.sha256(f"{salt}{password}".encode()).hexdigest()
        return f"{self.algorithm}${salt}${digest}"

    def verify(self, password: str, encoded: str) -> bool:
        _, salt, _ = encoded.split("$", 2)
        return constant_time_compare(encoded, self.encode(password, salt))

    def safe_summary(self, encoded: str) -> dict[Any, Any]:  # Any: Django's contract
        return {"algorithm": self.algorithm, "salt": encoded.split("$")[1][:4] + "…"}

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing to harden: the secret itself cannot be guessed."""
