#!/bin/sh
# Makes ready what a target of the Makefile needs: system libraries, Python, and a locked environment.
#
#   scripts/setup.sh run     .venv with requirements/run.txt
#   scripts/setup.sh test    .venv with requirements/test.txt, which holds all of run.txt
#   scripts/setup.sh bench   .venv-bench with requirements/bench.txt
#
# A second call with nothing changed takes a blink: stamps in the environment tell what it was made from.
set -eu
cd "$(dirname "$0")/.."
PATH="$PATH:/usr/sbin:/sbin"
purpose="${1:-run}"

say() { printf '%s\n' "setup: $*" >&2; }
stop() {
    say "$*"
    exit 1
}

# --- Python: 3.11 to 3.14 have every locked package ready-made; a newer one is tried when it is all there is.

suits() { "$1" -c "import ensurepip, sys, venv; sys.exit(not ((3, 11) <= sys.version_info < (3, $2)))" 2>/dev/null; }

find_python() {
    for limit in 15 99; do
        for name in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
            if suits "$name" "$limit"; then
                printf '%s\n' "$name"
                return
            fi
        done
    done
}

# --- System libraries, by the name of the shared library: package names differ between systems.

OFFSCREEN="libglib-2.0.so.0=libglib2.0-0 libgthread-2.0.so.0=libglib2.0-0 libEGL.so.1=libegl1 libGL.so.1=libgl1
libX11.so.6=libx11-6 libdbus-1.so.3=libdbus-1-3 libfontconfig.so.1=libfontconfig1 libxkbcommon.so.0=libxkbcommon0
libgssapi_krb5.so.2=libgssapi-krb5-2 libstdc++.so.6=libstdc++6"
DESKTOP="libxcb-cursor.so.0=libxcb-cursor0 libxcb-icccm.so.4=libxcb-icccm4 libxcb-keysyms.so.1=libxcb-keysyms1
libxcb-shape.so.0=libxcb-shape0 libxcb-xkb.so.1=libxcb-xkb1 libxkbcommon-x11.so.0=libxkbcommon-x11-0
libxcb-image.so.0=libxcb-image0 libxcb-render-util.so.0=libxcb-render-util0"

loads() { # The list of ldconfig is the quick answer; what it does not know may still load.
    case "$known_libraries" in
    *"	$1 "*) return 0 ;;
    esac
    [ -n "$python" ] && "$python" -c "import ctypes, sys; ctypes.CDLL(sys.argv[1])" "$1" 2>/dev/null
}

lacking() { # Prints the packages of those shared libraries that do not load.
    for pair in $1; do
        loads "${pair%%=*}" || printf '%s\n' "${pair#*=}"
    done | sort -u | tr '\n' ' '
}

check_system() {
    known_libraries="$(ldconfig -p 2>/dev/null || true)"
    python="$(find_python)"
    packages=""
    [ -n "$python" ] || packages="python3 python3-venv "
    [ "$(uname -s)" = Linux ] || return 0
    packages="$packages$(lacking "$OFFSCREEN")"
    # Without a display the desktop's libraries are worth installing, but no reason to stop.
    desktop="$(lacking "$DESKTOP")"
    if [ -n "${DISPLAY:-}" ] || [ -n "$packages" ] || [ "$(id -u)" = 0 ]; then
        packages="$packages$desktop"
    fi
}

install_packages() {
    if ! command -v apt-get >/dev/null; then
        stop "missing, under the names that Debian gives them: $packages- please install them, then try again"
    fi
    if [ "$(id -u)" != 0 ]; then
        say "some system packages are missing. This one command installs them; then try again:"
        say "    sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages% }"
        exit 1
    fi
    say "installing system packages: $packages"
    mkdir -p build
    # shellcheck disable=SC2086 # A list of words on purpose.
    if ! { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 install -y \
        --no-install-recommends $packages; } >build/apt.log 2>&1; then
        tail -n 20 build/apt.log >&2
        stop "the system packages could not be installed (the end of build/apt.log is above)"
    fi
    check_system
    [ -n "$python" ] || stop "this system's Python is older than 3.11: please install a newer one, or name it: make PYTHON=..."
    [ -z "$packages" ] || stop "still missing after the installation: $packages"
}

# --- PostgreSQL's server, for what is tested and measured of the agency on it: the programs, no service.

has_postgresql() { command -v postgres >/dev/null || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; }

get_postgresql() {
    if [ "$(uname -s)" != Linux ] || has_postgresql; then
        return 0
    fi
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        say "there is no PostgreSQL server here, so the agency is tried on SQLite alone"
        say "    (Debian: sudo apt-get install -y --no-install-recommends postgresql)"
        return 0
    fi
    say "installing PostgreSQL's server (nothing of it is started)"
    mkdir -p build /etc/postgresql-common
    # Debian would make a cluster and start it; the tests make their own, in folders of their own.
    if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    fi
    if ! { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 \
        -o Dpkg::Options::=--force-confold install -y --no-install-recommends postgresql; } >build/postgresql.log 2>&1; then
        say "PostgreSQL could not be installed (see build/postgresql.log); the agency is tried on SQLite alone"
    fi
}

# --- The environment.

fingerprint() { # What an environment for requirements/$1.txt is made from, this folder included.
    pwd
    "$python" -c 'import sys; print(sys.version, sys.base_prefix)'
    sed -n '/^\[build-system\]/,/^\[tool.pytest/p' pyproject.toml | cat - "requirements/$1.txt" scripts/setup.sh | cksum
}

holds() { # Tells whether environment $1 was made from requirements $2 as they are now, and still starts.
    [ "$(cat "$1/made-from-$2" 2>/dev/null)" = "$(fingerprint "$2")" ] && "$1/bin/python" -c '' 2>/dev/null
}

fill() { # Installs requirements $2 and this tree into environment $1, and stamps it last of all.
    say "installing requirements/$2.txt into $1 (a minute or two the first time)"
    pip="$1/bin/python -m pip --disable-pip-version-check"
    $pip install -qq --require-hashes --only-binary :all: -r "requirements/$2.txt" >&2 ||
        stop "the packages could not be installed (see above). Is the network there? Nothing is broken: try again"
    # A plain path file (mode compat) starts quicker than an import hook; setuptools is locked, so its notice can wait.
    PYTHONWARNINGS=ignore $pip install -qq --no-index --no-deps --no-build-isolation \
        --config-settings editable_mode=compat --editable . >&2 || stop "this tree could not be installed into $1"
    fingerprint "$2" >"$1/made-from-$2"
}

make_environment() { # $1: environment, $2: requirements; whatever is not as it should be is made anew.
    if ! { [ "$2" = test ] && holds "$1" run; }; then
        rm -rf "$1"
        "$python" -m venv "$1" || stop "$python could not make $1"
    fi
    fill "$1" "$2"
}

check_system
[ -z "$packages" ] || install_packages
case "$purpose" in test | bench) get_postgresql ;; esac
case "$purpose" in
run) holds .venv run || holds .venv test || make_environment .venv run ;;
test) holds .venv test || make_environment .venv test ;;
bench) holds .venv-bench bench || make_environment .venv-bench bench ;;
*) stop "unknown purpose: $purpose (run, test or bench)" ;;
esac
