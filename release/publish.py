"""A private registry and mirrors, as files that any web server can serve.

    .well-known/terraform.json                            the registry: `source = "HOST/NAMESPACE/TYPE"`
    v1/providers/NAMESPACE/TYPE/versions
    v1/providers/NAMESPACE/TYPE/VERSION/download/OS/ARCH
    v1/providers/NAMESPACE/TYPE/VERSION/files/            zips, checksums, signature
    mirror/HOST/NAMESPACE/TYPE/index.json, VERSION.json   the public addresses, as network_mirror or filesystem_mirror

Only what ends in .json has to be served as application/json, as web servers do by themselves. Versions that are there stay.
"""

import base64
import hashlib
import json
import os
import re
import shutil
import zipfile

import seal
from package import sha256
from project import Failure

# A source without a host means one of these, by the program that reads it.
HOSTS = ("registry.terraform.io", "registry.opentofu.org")


def publish(project, release, folder, url):
    """Adds the release to the folder. What others point at is written first."""
    sums = _sums(project, release)
    zips = {name: digest for name, digest in sums.items() if name.endswith(".zip")}
    address = f"{project.namespace}/{project.type}"
    # Checked before anything is written: a version that somebody has locked never changes.
    for host in HOSTS:
        _refuse_other(folder / "mirror" / host / address, zips)
    _refuse_other(folder / "v1" / "providers" / address / project.version / "files", zips)

    for host in HOSTS:
        _mirror(project, release, folder / "mirror" / host / address, zips)
    if (release / project.signature).is_file():
        _registry(project, release, folder, address, sums, zips, url.rstrip("/"))
        print(f"{folder}: a registry and a mirror with {address} {project.version}")
    elif os.environ.get("SIGN") == "required":
        raise Failure("a registry needs a signed release: seal it with GPG_KEY")
    else:
        print(f"{folder}: a mirror with {address} {project.version}; no registry, since the release is not signed")


def _registry(project, release, folder, address, sums, zips, url):
    providers = folder / "v1" / "providers" / address
    files = providers / project.version / "files"
    for name in (*sums, project.sums, project.signature):
        _copy(release / name, files)
    # From a document about one platform to the files: up from OS/, and from download/.
    base = f"{url}/v1/providers/{address}/{project.version}/files" if url else "../../files"
    public = seal.key_file(project, release)
    keys = [{"key_id": seal.key_id(public), "ascii_armor": public.read_text(encoding="ascii")}]
    platforms = [_platform(project, name) for name in zips]
    for (system, arch), (name, digest) in zip(platforms, zips.items()):
        _write(providers / project.version / "download" / system / arch, {
            "protocols": project.protocols(),
            "os": system,
            "arch": arch,
            "filename": name,
            "download_url": f"{base}/{name}",
            "shasums_url": f"{base}/{project.sums}",
            "shasums_signature_url": f"{base}/{project.signature}",
            "shasum": digest,
            "signing_keys": {"gpg_public_keys": keys},
        })
    known = _read(providers / "versions", {"versions": []})["versions"]
    this = {
        "version": project.version,
        "protocols": project.protocols(),
        "platforms": [{"os": system, "arch": arch} for system, arch in platforms],
    }
    others = [one for one in known if one["version"] != project.version]
    _write(providers / "versions", {"versions": sorted([*others, this], key=lambda one: _order(one["version"]))})
    _write(folder / ".well-known" / "terraform.json", {"providers.v1": f"{url}/v1/providers/"})


def _mirror(project, release, folder, zips):
    archives = {}
    for name, digest in zips.items():
        _copy(release / name, folder)
        archives["_".join(_platform(project, name))] = {"url": name, "hashes": [h1(release / name), f"zh:{digest}"]}
    _write(folder / f"{project.version}.json", {"archives": archives})
    versions = {**_read(folder / "index.json", {"versions": {}})["versions"], project.version: {}}
    _write(folder / "index.json", {"versions": {version: {} for version in sorted(versions, key=_order)}})


def h1(archive):
    """Terraform's hash of a package's contents, however it was zipped: SHA-256 of a list of the SHA-256 of the files."""
    with zipfile.ZipFile(archive) as source:
        lines = [f"{hashlib.sha256(source.read(name)).hexdigest()}  {name}\n" for name in sorted(source.namelist())]
    return "h1:" + base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode()


def _sums(project, release):
    """What the release's SHA256SUMS says, after a look that it is so."""
    try:
        lines = (release / project.sums).read_text(encoding="ascii").splitlines()
    except OSError as error:
        raise Failure(f"{release} has no {project.sums}: build and seal first") from error
    sums = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    for name, digest in sums.items():
        if sha256(release / name) != digest:
            raise Failure(f"{release / name} has changed since it was sealed: seal again")
    return sums


def _platform(project, name):
    """("linux", "amd64") out of a zip's name."""
    return tuple(name[len(project.file("")):-len(".zip")].split("_"))


def _refuse_other(folder, zips):
    for name, digest in zips.items():
        if (folder / name).is_file() and sha256(folder / name) != digest:
            raise Failure(f"{folder / name} is published already, with other contents: raise the version, or take it away")


def _order(version):
    """Semantic versions by age: numbers by value, a pre-release before its release."""
    core, _, pre = version.partition("+")[0].partition("-")
    parts = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"\.", pre) if pre]
    return [int(number) for number in core.split(".")], not pre, parts


def _copy(source, folder):
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / f".{source.name}.new"
    shutil.copyfile(source, scratch)
    os.replace(scratch, folder / source.name)


def _write(path, document):
    """Whoever reads at the same moment sees the document before or after, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.new")
    scratch.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    os.replace(scratch, path)


def _read(path, otherwise):
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else otherwise
