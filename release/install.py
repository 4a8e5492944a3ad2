"""Puts the provider into the folder where Terraform and OpenTofu look before they ask a registry."""

import os
import shutil
from pathlib import Path

import build
import package
import targets
from publish import HOSTS


def install(project, plugins, binary):
    """Builds the provider for this machine, unless it is given, and installs it unpacked."""
    target = targets.host()
    program = binary or build.build(project, target)
    root = plugins or plugin_folder(target)
    for host in HOSTS:
        folder = root / host / project.namespace / project.type / project.version / target.name
        folder.mkdir(parents=True, exist_ok=True)
        for name, source, mode in package.members(project, target, program):
            # A rename, since a program that runs cannot be written to.
            scratch = folder / f".{name}.new"
            shutil.copyfile(source, scratch)
            scratch.chmod(mode)
            os.replace(scratch, folder / name)
    print(
        f"{project.namespace}/{project.type} {project.version} is in {root}\n"
        "Next: `terraform init` (or `tofu init`). Where an older build of this version was in use, delete\n"
        ".terraform.lock.hcl first. A CLI configuration with a provider_installation block has to name the folder."
    )


def plugin_folder(target):
    """The implied local mirror of this user."""
    if target.os == "windows":
        return Path(os.environ["APPDATA"]) / "terraform.d" / "plugins"
    return Path.home() / ".terraform.d" / "plugins"
