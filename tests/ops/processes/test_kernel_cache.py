"""Compiled kernels are found where an installation may only be read, and compiling is told."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ops.processes import kernel_cache
from ops.processes.kernel_cache import compiled, compiling_told, is_writable, link_all
from ops.settings import Settings

READ_ONLY = """
import os, sys
from pathlib import Path
from compute.engine_version import engine_version, pin_arithmetic
from ops.processes.kernel_cache import cache_folder
from ops.settings import Settings
home, sys.prefix = Path(sys.argv[1]), sys.argv[2]
pin_arithmetic()
version = engine_version()  # while everything may be read
if os.geteuid() == 0:
    os.seteuid(65534)  # root may write anywhere
print(cache_folder(Settings(home, None)))
"""


def test_a_read_only_installation_gives_its_kernels_to_a_folder_of_the_user(tmp_path: Path) -> None:
    say = "from compute.engine_version import engine_version, pin_arithmetic; pin_arithmetic(); print(engine_version())"
    done = subprocess.run([sys.executable, "-c", say], capture_output=True, text=True, check=True)
    name = f"numba-{done.stdout.strip()}"
    shared = tmp_path / "prefix" / "share" / "tenor" / name / "flows"
    shared.mkdir(parents=True)
    for file in ("loans.nbi", "loans.1.nbc"):
        (shared / file).write_bytes(b"compiled")
    home = tmp_path / "home"
    home.mkdir(mode=0o777)
    home.chmod(0o777)
    for folder in (*shared.parents[:4], shared):
        folder.chmod(0o555)
    for folder in tmp_path.parents:
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    tmp_path.chmod(0o755)
    said = subprocess.run(
        [sys.executable, "-c", READ_ONLY, home, tmp_path / "prefix"], capture_output=True, text=True, check=True
    )
    own = home / "cache" / name
    assert said.stdout.splitlines()[0] == str(own)
    assert (own / "flows" / "loans.1.nbc").read_bytes() == b"compiled"
    for folder in (shared, *shared.parents[:4]):
        folder.chmod(0o755)


def test_what_the_user_has_is_kept_and_what_is_shared_is_not_written_to(tmp_path: Path) -> None:
    shared, own = tmp_path / "shared", tmp_path / "own"
    for folder in (shared, own):
        folder.mkdir()
    (shared / "a.nbi").write_text("shared")
    (own / "a.nbi").write_text("mine")
    (shared / "b.nbi").write_text("shared")
    link_all(shared, own)
    assert ((own / "a.nbi").read_text(), (own / "b.nbi").read_text()) == ("mine", "shared")
    replaced = own / "b.tmp"
    replaced.write_text("mine")
    os.replace(replaced, own / "b.nbi")  # as numba does
    assert (shared / "b.nbi").read_text() == "shared"


def test_a_file_is_no_folder_to_write_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not is_writable(tmp_path / "file" / "below") and is_writable(tmp_path / "new" / "below")


@pytest.mark.parametrize(("kernels", "is_told"), [(12, True), (0, False), (1, False)])
def test_compiling_is_told_once_with_its_seconds(
    kernels: int, is_told: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(kernel_cache, "LOOK_SECONDS", 0.05)
    (tmp_path / "before.nbc").write_text("")
    with compiling_told(Settings(tmp_path, None)) as look:
        for number in range(kernels):
            (tmp_path / f"kernel{number}.nbc").write_text("")
        for _ in range(2):
            time.sleep(kernel_cache.LOOK_SECONDS)
            look()
    said = capsys.readouterr().err
    assert said.count("compiling kernels") == int(is_told)
    assert (f"compiled {kernels} kernels" in said) is is_told
    assert compiled(tmp_path) == kernels + 1
