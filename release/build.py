"""Builds the provider for one platform, so that the same commit gives the same bytes in every folder."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import zig
from project import PACKAGE, ROOT, Failure, run


def build(project, target):
    """The program's path. Cargo's own output goes to the terminal."""
    _add(target)
    command = ["cargo", "build", "--release", "--locked", "-p", PACKAGE, "--bins", "--target", target.triple]
    if subprocess.run(command, cwd=ROOT, env=_environment(project, target)).returncode != 0:
        raise Failure(f"the provider does not build for {target.name}: see above")
    return project.target / target.triple / "release" / f"{PACKAGE}{target.exe}"


def _environment(project, target):
    # What a folder is called on this machine must not be in the program. The last pair that fits wins.
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    sysroot = Path(run(["rustc", "--print", "sysroot"], cwd=ROOT).strip())
    names = [(home, "/cargo"), (sysroot, "/rust"), (ROOT, "/src"), (project.target, "/src/target")]

    flags = [f"--remap-path-prefix={folder}={name}" for folder, name in names]
    c_flags = [f"-ffile-prefix-map={folder}={name}" for folder, name in names]
    environment = dict(os.environ)
    # What this machine's owner sets for other builds would get into this one.
    for variable in ("RUSTFLAGS", "CFLAGS", "CC", "CARGO_BUILD_RUSTFLAGS", "CARGO_BUILD_TARGET"):
        environment.pop(variable, None)
    key = target.triple.replace("-", "_")
    if target.zig:
        tools = project.target / "tools"
        compiler = zig.compiler(tools, target)
        environment[f"CC_{key}"] = str(compiler)
        environment[f"AR_{key}"] = str(zig.archiver(tools))
        # musl's start files and libraries come with Rust, and so does a linker that needs nothing else.
        linker = "rust-lld" if target.os == "linux" else str(compiler)
        environment[f"CARGO_TARGET_{key.upper()}_LINKER"] = linker
    # Folders have names with blanks in them: what reads this shall read it as a shell does.
    environment[f"CFLAGS_{key}"] = shlex.join(c_flags)
    environment["CC_SHELL_ESCAPED_FLAGS"] = "1"
    environment["CARGO_ENCODED_RUSTFLAGS"] = "\x1f".join(flags)
    environment["SOURCE_DATE_EPOCH"] = str(project.time)
    environment["ZERO_AR_DATE"] = "1"
    environment["CARGO_INCREMENTAL"] = "0"
    return environment


def _add(target):
    """Adds Rust's standard library for the platform when it is missing."""
    if Path(run(["rustc", "--print", "target-libdir", "--target", target.triple], cwd=ROOT).strip()).is_dir():
        return
    if shutil.which("rustup") is None:
        raise Failure(f"this Rust has no standard library for {target.triple}, and there is no rustup to add it with")
    run(["rustup", "target", "add", target.triple], cwd=ROOT)
