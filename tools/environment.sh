#!/bin/sh
# Prepare this checkout: Python environment in .venv, and for "test" the Debian packages that the tests use.
# Usage: tools/environment.sh run|test
set -eu
cd "$(dirname "$0")/.."
WANTED=${1:-run}
VENV=.venv
TEST_PACKAGES="chromium chromium-driver curl memcached postgresql redis-server"

say() { printf '%s\n' "$*" >&2; }

find_python() {
    for name in "${PYTHON:-}" python3.11 python3.12 python3.13 python3; do
        if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    return 1
}

# Run a command as root, directly or by sudo; fails when neither is possible.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        sudo "$@"
    else
        return 1
    fi
}

# Install Debian packages, or say which are missing.
install_packages() {
    if command -v apt-get >/dev/null 2>&1 && as_root apt-get update -qq >/dev/null &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; then
        return
    fi
    say "Missing packages, and no right to install them. Please run:  apt-get install $*"
    return 1
}

missing_packages() {
    for package in "$@"; do
        dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q 'install ok installed' || printf '%s ' "$package"
    done
}

make_venv() {
    python=$(find_python) || { install_packages python3 python3-venv && python=$(find_python); } || exit 1
    "$python" -m venv "$VENV" 2>/dev/null && return
    rm -rf "$VENV"
    install_packages python3-venv
    "$python" -m venv "$VENV"
}

[ -x "$VENV/bin/pip" ] || make_venv

if [ "$WANTED" = test ]; then extras='.[dev]'; else extras=.; fi
stamp="$VENV/.installed-$WANTED"
if [ ! -e "$stamp" ] || [ setup.py -nt "$stamp" ]; then
    say "Installing QIS ($extras) into $VENV …"
    "$VENV/bin/pip" install --quiet --disable-pip-version-check --editable "$extras"
    touch "$stamp"
fi

if [ "$WANTED" = test ] && command -v dpkg-query >/dev/null 2>&1; then
    missing=$(missing_packages $TEST_PACKAGES)
    if [ -n "$missing" ]; then
        say "Installing $missing…"
        # shellcheck disable=SC2086  one word per package
        install_packages $missing || say "Tests that need them will be skipped."
    fi
fi
