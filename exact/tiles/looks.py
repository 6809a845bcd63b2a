"""How an image is looked at: window, channels with their colours, colour profile. Part of every tile's address."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from exact.tiles.errors import BadLook

CHANNEL = re.compile(r"(\d{1,3})(?::([0-9a-fA-F]{6})?)?(?::([^:]+):([^:]+))?", re.ASCII)
MAX_CHANNELS = 64


@dataclass(frozen=True)
class ChannelLook:
    """One channel that is switched on; None means as the file says."""

    channel: int
    colour: str | None = None
    """Six lower-case hexadecimal digits, red first."""
    window: tuple[float, float] | None = None
    """The stored values shown as black and as the full colour."""

    def __str__(self) -> str:
        window = "" if self.window is None else ":" + _window_text(self.window)
        return f"{self.channel}:{self.colour or ''}{window}"


@dataclass(frozen=True)
class Look:
    """What is asked for besides the place; everything left out is as the file says."""

    channels: tuple[ChannelLook, ...] | None = None
    """Those that are on, in ascending order; None: those that the file shows by itself."""
    window: tuple[float, float] | None = None
    """The values (Hounsfield units, counts, ...) shown as black and as white; for images of one grey channel."""
    profile: bool = False
    """Whether the file's ICC profile is applied, so that colours are sRGB."""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """From URL parameters: `channels=0:ff0000:100:2000,2`, `window=-160:240`, `profile=srgb`. Raises BadLook."""
        channels, window, profile = (query.get(name) for name in ("channels", "window", "profile"))
        if profile not in (None, "srgb"):
            raise BadLook("The parameter `profile` may only be `srgb`.")
        return cls(
            None if channels is None else _channels(channels),
            None if window is None else _window(*window.partition(":")[::2]),
            profile is not None,
        )

    def parameters(self) -> dict[str, str]:
        """The inverse of `read`, always in the same form."""
        told = {
            "channels": None if self.channels is None else ",".join(map(str, self.channels)),
            "window": None if self.window is None else _window_text(self.window),
            "profile": "srgb" if self.profile else None,
        }
        return {name: value for name, value in told.items() if value is not None}


PLAIN = Look()
"""As the file says."""


def _channels(text: str) -> tuple[ChannelLook, ...]:
    found = [_channel(part) for part in text.split(",")] if text else []
    numbers = [channel.channel for channel in found]
    if len(numbers) > MAX_CHANNELS or len(set(numbers)) < len(numbers):
        raise BadLook(f"The parameter `channels` names a channel twice, or more than {MAX_CHANNELS}.")
    return tuple(sorted(found, key=lambda channel: channel.channel))


def _channel(part: str) -> ChannelLook:
    found = CHANNEL.fullmatch(part)
    if found is None:
        raise BadLook(
            "Write a channel as number:colour:low:high, such as 0:ff0000:100:2000; all but the number may go."
        )
    number, colour, low, high = found.groups()
    window = None if low is None else _window(low, high)
    return ChannelLook(int(number), None if colour is None else colour.lower(), window)


def _window(low: str, high: str) -> tuple[float, float]:
    try:
        ends = float(low), float(high)
    except ValueError:
        raise BadLook("A window is two numbers, such as -160:240.") from None
    if not (math.isfinite(ends[0]) and math.isfinite(ends[1]) and ends[0] < ends[1]):
        raise BadLook("A window is two finite numbers, the smaller one first.")
    return ends


def _window_text(window: tuple[float, float]) -> str:
    return ":".join(f"{end:.10g}" for end in window)
