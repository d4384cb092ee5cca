#!/bin/sh
# Renews requirements/*.txt, with hashes, for Python 3.11 and newer on every system, by uv from a throwaway environment.
set -eu
cd "$(dirname "$0")/.."
rm -rf build/lock
.venv/bin/python -m venv build/lock
build/lock/bin/python -m pip --disable-pip-version-check install --quiet uv
cd requirements
for name in run test bench; do
    ../build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
        --no-emit-index-url --no-header "$name.in" --output-file "$name.txt"
done
rm -rf ../build/lock
