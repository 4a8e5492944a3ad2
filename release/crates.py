"""The crates of the workspace that are for everybody, and which of them crates.io still lacks."""

import json

from project import ROOT, Failure, run


def unpublished():
    """What to give to `cargo publish`: a `-p NAME` for each crate whose version is not on crates.io. It orders them itself."""
    metadata = json.loads(run(["cargo", "metadata", "--no-deps", "--format-version=1", "--locked"], cwd=ROOT))
    # An empty list of registries is `publish = false`.
    crates = [one for one in metadata["packages"] if one["publish"] != []]
    return " ".join(f"-p {one['name']}" for one in crates if not _is_published(f"{one['name']}@{one['version']}"))


def _is_published(crate):
    try:
        run(["cargo", "info", "--quiet", "--registry", "crates-io", crate], cwd=ROOT)
    except Failure as failure:
        if "could not find" in str(failure):
            return False
        raise
    return True
