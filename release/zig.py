"""zig's C compiler, pinned: fetched once out of PyPI into target/tools/zig, wrapped once per platform."""

import hashlib
import shlex
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from project import Failure, run

REQUIREMENTS = Path(__file__).resolve().with_name("requirements.txt")


def compiler(tools, target):
    """A C compiler for the target: zig behind a script, for what zig spells otherwise than those who call it.

    cc's callers pass --target. For Windows, rustc names the C library and what belongs to it itself, by the names of another
    compiler (zig adds its own, and without them its mathematics lack half), and a DLL's symbols as an option of the linker.
    """
    zig = _fetched(tools / "zig")
    script = tools / "zig" / f"cc-{target.triple}"
    cache = shlex.quote(str(tools / "zig" / "cache"))
    text = f"""#!/bin/sh
for argument do
    shift
    case $argument in
        --target=* | -m64 | -nolibc | -lmsvcrt) ;;
        -Wl,*.def) set -- "$@" "${{argument#-Wl,}}" ;;
        *) set -- "$@" "$argument" ;;
    esac
done
ZIG_GLOBAL_CACHE_DIR={cache} ZIG_LOCAL_CACHE_DIR={cache} exec {shlex.quote(str(zig))} cc -target {target.zig} "$@"
"""
    if not script.is_file() or script.read_text() != text:
        script.write_text(text)
        script.chmod(0o755)
    return script


def archiver(tools):
    """An archiver that knows every platform's object files."""
    zig = _fetched(tools / "zig")
    script = tools / "zig" / "ar"
    text = f'#!/bin/sh\nexec {shlex.quote(str(zig))} ar "$@"\n'
    if not script.is_file() or script.read_text() != text:
        script.write_text(text)
        script.chmod(0o755)
    return script


def _fetched(folder):
    zig, stamp = folder / "ziglang" / "zig", folder / "stamp"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return zig
    print(f"fetching zig's C compiler into {folder}", file=sys.stderr, flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / "ziglang", ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        run([
            sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps",
            "--only-binary=:all:", "--require-hashes", "--requirement", REQUIREMENTS, "--dest", scratch,
        ])
        for wheel in Path(scratch).glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(folder, [name for name in archive.namelist() if name.startswith("ziglang/")])
    if not zig.is_file():
        raise Failure("the package ziglang holds no zig for this machine")
    zig.chmod(0o755)
    stamp.write_text(wanted)
    return zig
