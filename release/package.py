"""The zips and the manifest, in the layout that provider registries want."""

import datetime
import hashlib
import shutil
import sys
import zipfile

import build as cargo
from project import PACKAGE, ROOT


def build(project, folder, platforms, binary):
    """Fills the release's folder anew: a zip per platform, and the manifest."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for target in platforms:
        program = binary or cargo.build(project, target)
        archive = folder / project.file(f"{target.name}.zip")
        zip_of(project, target, program, archive)
        size, zipped = program.stat().st_size / 1e6, archive.stat().st_size / 1e6
        print(f"{archive.name}: {zipped:.1f} MB, the program {size:.1f} MB")
    shutil.copyfile(ROOT / "terraform-registry-manifest.json", folder / project.manifest)


def members(project, target, program):
    """What is in a package: name, source, mode."""
    return [
        ("LICENSE", ROOT / "LICENSE", 0o644),
        (f"{PACKAGE}_v{project.version}{target.exe}", program, 0o755),
    ]


def zip_of(project, target, program, archive):
    """Writes the zip. Times, order and modes are fixed, so that equal programs give equal zips."""
    time = datetime.datetime.fromtimestamp(project.time, datetime.timezone.utc).timetuple()[:6]
    with zipfile.ZipFile(archive, "w") as sink:
        for name, source, mode in members(project, target, program):
            entry = zipfile.ZipInfo(name, time)
            entry.create_system = 3  # Unix: the mode counts
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            sink.writestr(entry, source.read_bytes())


def sha256(path):
    """The SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as source:
        for block in iter(lambda: source.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


if sys.version_info < (3, 9):
    sys.exit("release: needs Python 3.9 or newer")
