"""What the release knows of the project: read from where it is declared, never written twice."""

import dataclasses
import json
import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "terraform-provider-mlops"
# The first moment that a zip file can name.
EPOCH_OF_ZIP = 315532800


class Failure(Exception):
    """What the person who runs the release must do something about."""


def run(command, **more):
    """Runs a command whose output is an answer; fails with what it said."""
    try:
        result = subprocess.run([str(part) for part in command], capture_output=True, text=True, **more)
    except OSError as error:
        raise Failure(f"cannot run {command[0]}: {error.strerror}") from error
    if result.returncode != 0:
        raise Failure(f"this failed: {' '.join(map(str, command))}\n{result.stdout}{result.stderr}".rstrip())
    return result.stdout


@dataclasses.dataclass(frozen=True)
class Project:
    """Version, address, and when the commit was made."""

    version: str
    # mlops-rs and mlops, out of registry.terraform.io/mlops-rs/mlops
    namespace: str
    type: str
    # Seconds since 1970.
    time: int
    # Where cargo builds.
    target: Path

    @classmethod
    def read(cls):
        metadata = json.loads(run(["cargo", "metadata", "--no-deps", "--format-version=1", "--locked"], cwd=ROOT))
        version = next(one["version"] for one in metadata["packages"] if one["name"] == PACKAGE)
        source = ROOT / "provider" / "src" / "address.rs"
        address = re.search(r'const ADDRESS: &str = "([^/"]+)/([^/"]+)/([^/"]+)"', source.read_text(encoding="utf-8"))
        if address is None:
            raise Failure(f"{source} declares no ADDRESS")
        _, namespace, kind = address.groups()
        return cls(version, namespace, kind, commit_time(), Path(metadata["target_directory"]))

    def file(self, suffix):
        """The name of a file of the release."""
        return f"{PACKAGE}_{self.version}_{suffix}"

    @property
    def sums(self):
        return self.file("SHA256SUMS")

    @property
    def signature(self):
        return self.file("SHA256SUMS.sig")

    @property
    def manifest(self):
        return self.file("manifest.json")

    def protocols(self):
        """The plugin protocols that the manifest names."""
        manifest = json.loads((ROOT / "terraform-registry-manifest.json").read_text(encoding="utf-8"))
        return manifest["metadata"]["protocol_versions"]


def commit_time():
    """SOURCE_DATE_EPOCH, else the commit's; a source archive without git has neither and takes a fixed one."""
    if "SOURCE_DATE_EPOCH" in os.environ:
        return int(os.environ["SOURCE_DATE_EPOCH"])
    try:
        return int(run(["git", "log", "-1", "--format=%ct"], cwd=ROOT))
    except (Failure, ValueError):
        return EPOCH_OF_ZIP
