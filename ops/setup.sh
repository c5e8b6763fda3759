#!/bin/sh
# Make the virtual environment $2 with Python $1 and install the locked packages, then Tenor itself.
# A bare Debian 12 has neither ensurepip nor a pip that may install system-wide: there a pip that can be
# imported installs into an environment made without one (pip --python), which needs neither.
set -eu
python="$1"; venv="$2"
[ -n "$python" ] || { echo "Tenor needs Python 3.11 or newer; install it (Debian: apt install python3 python3-pip)" >&2; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
    || { echo "Tenor needs Python 3.11 or newer; $python is older. Set PYTHON=/path/to/python3.11" >&2; exit 1; }
if "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    "$python" -m venv --clear "$venv"
    pip="$venv/bin/python -m pip"
elif "$python" -m pip --version >/dev/null 2>&1; then
    "$python" -m venv --clear --without-pip "$venv"
    pip="$python -m pip --python $venv/bin/python"
else
    echo "$python has neither ensurepip nor pip; install one (Debian: apt install python3-venv or python3-pip)" >&2
    exit 1
fi
$pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
$pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/beside.lock
$pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . --editable ./clients/python
"$venv/bin/python" -m ops.processes.compile_kernels || echo "the kernels are not compiled: the first run will do it" >&2
command -v chromium >/dev/null || echo "tests/browser needs a browser: apt-get install chromium, or $venv/bin/playwright install chromium" >&2
