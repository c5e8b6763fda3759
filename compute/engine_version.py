"""The engine's version: what must be the same for two computations to be the same to the last bit."""

import json
import os
import platform
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable

ARITHMETIC = ("numpy", "scipy", "numba", "llvmlite")
IS_X86 = platform.machine() in ("x86_64", "AMD64")
PINNED = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR" if IS_X86 else "",
    "NUMBA_CPU_NAME": "generic",
    "NUMBA_CPU_FEATURES": "+sse4.2,+avx,+avx2" if IS_X86 else "",
    "NUMBA_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
"""Results must not depend on which machine of a fleet worked them out: numpy's exp differs between AVX2 and AVX-512.
No fused multiply-add either: whether the compiler contracts is a matter of the target's features."""


def pin_arithmetic() -> None:
    """Before numpy or numba is imported. What the user has set stays, and is part of the version."""
    for name, value in PINNED.items():
        if value:
            os.environ.setdefault(name, value)


@cache
def engine_version() -> str:
    """`<release>+<digest>` over the code of compute and domain, the arithmetic libraries and the pinned features."""
    digest = sha256()
    for package in ("compute", "domain"):
        for path, content in sorted(_sources(files(package), package)):
            digest.update(path.encode() + b"\0" + content + b"\0")
    facts = {
        "libraries": {name: version(name) for name in ARITHMETIC},
        "features": {name: os.environ.get(name, "") for name in PINNED},
        "machine": platform.machine(),
        "python": platform.python_version_tuple()[:2],
    }
    digest.update(json.dumps(facts, sort_keys=True).encode())
    return f"{version('tenor-risk')}+{digest.hexdigest()[:16]}"


def _sources(folder: Traversable, path: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        inside = f"{path}/{entry.name}"
        if entry.is_dir() and entry.name != "__pycache__":
            found += _sources(entry, inside)
        elif entry.name.endswith((".py", ".csv", ".npz", ".txt")):
            found.append((inside, entry.read_bytes()))
    return found
