"""The checksums of a release and their signature: what Terraform checks before it runs what it downloaded.

    GPG_KEY         fingerprint of the key to sign with, out of the caller's keyring
    GPG_PASSPHRASE  the key's, when no agent knows it
    SIGN=required   fail without a key, rather than leave the signature out
"""

import os

from package import sha256
from project import Failure, run


def seal(project, folder):
    """Writes SHA256SUMS over zips and manifest, its signature, and the public key to check that with."""
    if not folder.is_dir():
        raise Failure(f"{folder} is not there: build first")
    sealed = sorted([*folder.glob(project.file("*.zip")), folder / project.manifest])
    sums = folder / project.sums
    sums.write_bytes("".join(f"{sha256(file)}  {file.name}\n" for file in sealed).encode())
    signature, public = folder / project.signature, key_file(project, folder)
    for old in (signature, public):
        old.unlink(missing_ok=True)
    key = os.environ.get("GPG_KEY")
    if key:
        _sign(key, sums, signature)
        public.write_text(run(["gpg", "--batch", "--armor", "--export", key]), encoding="ascii")
        run(["gpg", "--batch", "--verify", signature, sums])
    elif os.environ.get("SIGN") == "required":
        raise Failure("a signature is required: name the key's fingerprint in GPG_KEY")
    print(f"{folder}: {len(sealed)} files with checksums, {'signed' if key else 'not signed, since GPG_KEY names no key'}")


def key_file(project, folder):
    """Where a signed release has its public key."""
    return folder / project.file("signing-key.asc")


def key_id(public):
    """The long id of the key in a file."""
    lines = run(["gpg", "--batch", "--with-colons", "--show-keys", public]).splitlines()
    return next(line.split(":")[4] for line in lines if line.startswith("pub:"))


def _sign(key, sums, signature):
    command = ["gpg", "--batch", "--yes", "--local-user", key, "--detach-sign", "--output", signature]
    passphrase = os.environ.get("GPG_PASSPHRASE")
    if passphrase is None:
        run([*command, sums])
    else:
        run([*command, "--pinentry-mode", "loopback", "--passphrase-fd", "0", sums], input=passphrase)
