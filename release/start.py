"""Starts a packaged provider as Terraform does, and waits until it says where it listens."""

import os
import subprocess
import tempfile
import zipfile
from pathlib import Path

from project import Failure

# What tells a provider that it was not started by hand.
COOKIE = {
    "TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
    "PLUGIN_PROTOCOL_VERSIONS": "6",
}


def start(archive):
    """Fails unless the program in the zip speaks plugin protocol 6 on this machine."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(archive) as source:
        name = next(name for name in source.namelist() if name.startswith("terraform-provider-"))
        program = Path(source.extract(name, folder))
        program.chmod(0o755)
        process = subprocess.Popen([program], env={**os.environ, **COOKIE}, stdout=subprocess.PIPE, text=True)
        line = process.stdout.readline().strip()
        process.kill()
        process.wait()
    # Core protocol, plugin protocol, network, address, transport.
    if line.split("|")[:2] != ["1", "6"]:
        raise Failure(f"{archive} does not start here: its first line is {line!r}")
    print(f"{Path(archive).name} starts")
