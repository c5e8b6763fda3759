"""Whether the build that is kept was made of the sources that are kept: told by their hashes, without Node.

`python -m ops.page.sources` writes the manifest after a build; with `--check` it compares.
"""

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
MANIFEST = ROOT / "query_api" / "web" / "built" / "sources.sha256"
MADE_ANEW = ("schema.d.ts",)
"""Out of openapi.json, by every build."""
LOOSE = ("index.html", "openapi.json", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts")


def hashes() -> dict[str, str]:
    return {
        str(one.relative_to(WEB)): hashlib.sha256(one.read_bytes()).hexdigest()
        for one in _sources()
        if one.name not in MADE_ANEW
    }


def _sources() -> Iterator[Path]:
    yield from sorted(one for one in (WEB / "src").rglob("*") if one.is_file())
    yield from (WEB / name for name in LOOSE)


def written() -> dict[str, str]:
    lines = MANIFEST.read_text(encoding="utf-8").splitlines() if MANIFEST.is_file() else []
    return {path: sha256 for sha256, path in (line.split("  ", 1) for line in lines)}


def differences() -> list[str]:
    """Sources that the build was not made of, each with what is the matter."""
    here, there = hashes(), written()
    said = {path: "is new" if path not in there else "has changed" for path in here if there.get(path) != here[path]}
    said |= {path: "is gone" for path in there if path not in here}
    return [f"web/{path} {what} since the page was built" for path, what in sorted(said.items())]


def main(arguments: list[str]) -> int:
    if arguments == ["--check"]:
        found = differences()
        for line in found:
            print(line, file=sys.stderr)
        if found:
            print("`make web` builds the page anew; commit query_api/web/built with its sources", file=sys.stderr)
        return int(bool(found))
    lines = [f"{sha256}  {path}\n" for path, sha256 in hashes().items()]
    MANIFEST.write_text("".join(lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
