"""The platforms that the provider is released for, and how each is built."""

import dataclasses
import platform

from project import Failure


@dataclasses.dataclass(frozen=True)
class Target:
    """One platform."""

    # As registries write them: linux, darwin, windows; amd64, arm64.
    os: str
    arch: str
    # What rustc calls it.
    triple: str
    # What zig calls it; None when only the platform's own compiler will do (Apple's SDK may not be shipped).
    zig: "str | None"

    @property
    def name(self):
        return f"{self.os}_{self.arch}"

    @property
    def exe(self):
        return ".exe" if self.os == "windows" else ""


# Linux is linked with musl, statically: one file that runs on every distribution, and in an empty container.
_TARGETS = (
    Target("linux", "amd64", "x86_64-unknown-linux-musl", "x86_64-linux-musl"),
    Target("linux", "arm64", "aarch64-unknown-linux-musl", "aarch64-linux-musl"),
    Target("windows", "amd64", "x86_64-pc-windows-gnullvm", "x86_64-windows-gnu"),
    Target("windows", "arm64", "aarch64-pc-windows-gnullvm", "aarch64-windows-gnu"),
    Target("darwin", "amd64", "x86_64-apple-darwin", None),
    Target("darwin", "arm64", "aarch64-apple-darwin", None),
)
ALL = {target.name: target for target in _TARGETS}


def named(name):
    """The platform of this name."""
    if name not in ALL:
        raise Failure(f"there is no platform {name!r}: take one of {', '.join(ALL)}")
    return ALL[name]


def host():
    """The platform of this machine."""
    arch = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
    return named(f"{platform.system().lower()}_{arch.get(platform.machine().lower(), platform.machine())}")
