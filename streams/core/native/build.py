"""Builds the native part of the core with the package: two small C files, in a second, with whatever compiler there is.

Where there is none, one comes as a package for the time of the build (`ziglang`). Nothing needs Python's headers.
"""

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FLAGS = ("-O2", "-std=c11", "-shared", "-fPIC")
ZIG = "ziglang==0.17.0"


class CustomBuildHook(BuildHookInterface):
    def dependencies(self) -> list[str]:
        return [] if _compiler() else [ZIG]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            return
        folder = Path(self.root) / "streams" / "core" / "native"
        name = runpy.run_path(str(folder / "library.py"))["file_name"]()
        for old in folder.glob("libtruce-*.so"):
            if old.name != name:
                old.unlink()
        compiler = _compiler() or [sys.executable, "-m", "ziglang", "cc"]
        # Under a name of its own first, so that nobody ever loads half a library.
        part = folder / f"{name}.{os.getpid()}"
        subprocess.run([*compiler, *FLAGS, *map(str, sorted(folder.glob("*.c"))), "-o", str(part), "-lm"], check=True)
        part.replace(folder / name)
        build_data["artifacts"].append(f"streams/core/native/{name}")
        build_data["pure_python"] = False
        build_data["infer_tag"] = True


def _compiler() -> list[str] | None:
    names = [os.environ["CC"]] if os.environ.get("CC") else ["cc", "gcc", "clang"]
    return next(([found] for found in map(shutil.which, names) if found), None)
