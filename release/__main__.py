"""Builds, signs, publishes and installs the provider: `python3 release COMMAND`, behind `make release` and `make install`.

    build     target/release-VERSION/ with a zip per platform and the registry's manifest
    seal      adds the checksums of what is there, and their signature
    publish   a private registry and mirrors, as static files
    start     starts what is in a zip, as Terraform would, on the machine that it is for
    install   puts the provider where Terraform and OpenTofu of this user look for it

Each step is a module of its own. Needs Python 3.9 and its standard library, git and cargo;
`seal` needs gpg for a signature, and `start` neither git nor cargo.
"""

import argparse
import shlex
import sys
from pathlib import Path

import crates
import install
import package
import publish
import seal
import start
import targets
from project import Failure, Project


def arguments():
    parser = argparse.ArgumentParser(prog="release", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="the release's folder (default: target/release-VERSION)")
    commands = parser.add_subparsers(dest="command", required=True)

    building = commands.add_parser("build", help="zips and manifest")
    building.add_argument("platforms", nargs="*", metavar="OS_ARCH", help=f"of {', '.join(targets.ALL)}; default: this machine's")
    building.add_argument("--binary", type=Path, help="package this program instead of building one")

    commands.add_parser("seal", help="checksums and signature")

    publishing = commands.add_parser("publish", help="private registry and mirrors")
    publishing.add_argument("folder", type=Path, help="is made, or gets one more version")
    publishing.add_argument("--url", default="", help="where the folder is served, if links are to be absolute")

    starting = commands.add_parser("start", help="does the program of a zip serve on this machine?")
    starting.add_argument("zip", type=Path, help="of this machine's platform")
    starting.add_argument("--with", dest="runner", metavar="COMMAND", default="", help="what runs it: wine, qemu-aarch64")

    commands.add_parser("version", help="prints the version that would be released")
    commands.add_parser("unpublished", help="prints which crates `cargo publish` is still to be given, as its options")

    installing = commands.add_parser("install", help="into this user's plugin folder")
    installing.add_argument("--binary", type=Path, help="install this program instead of building one")
    installing.add_argument("--plugins", type=Path, help="the plugin folder (default: this user's)")
    return parser.parse_args()


def main():
    given = arguments()
    if given.command == "start":
        return start.start(given.zip, shlex.split(given.runner))
    project = Project.read()
    folder = given.out or project.target / f"release-{project.version}"
    if given.command == "build":
        platforms = [targets.named(name) for name in given.platforms] or [targets.host()]
        package.build(project, folder, platforms, given.binary)
    elif given.command == "seal":
        seal.seal(project, folder)
    elif given.command == "publish":
        publish.publish(project, folder, given.folder, given.url)
    elif given.command == "version":
        print(project.version)
    elif given.command == "unpublished":
        print(crates.unpublished())
    elif given.command == "install":
        install.install(project, given.plugins, given.binary)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"release: {failure}")
