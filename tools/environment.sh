#!/bin/sh
# The one environment of this project, .venv, built from hash-pinned requirement files and nothing else.
#
#   sh tools/environment.sh create                     an empty .venv from a Python that is new enough
#   sh tools/environment.sh install requirements/X.txt what that file pins, by hash
#   sh tools/environment.sh project                    the project itself, editable
#   sh tools/environment.sh servers                    the servers that suites start for themselves
#
# Called by the Makefile, which knows when each is needed. Debian and Ubuntu ship a python3 that cannot make
# environments until python3-venv is there; as root we install it, otherwise we say so.
set -eu

find_python() {
    for candidate in ${PYTHON:-} python3.13 python3.12 python3.11 python3; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            command -v "$candidate"
            return
        fi
    done
    echo "Eventyard needs Python 3.11 or newer: install the package python3, or name one with make PYTHON=/path/to/it." >&2
    return 1
}

create() {
    python=$(find_python)
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "making .venv with Python $version" >&2
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        package="python$version-venv"
        if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
            echo "Python $version cannot make environments here: install the package $package and run make again." >&2
            return 1
        fi
        echo "installing $package, without which this Python makes no environments" >&2
        apt-get update -qq >&2
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$package" >&2
    fi
    "$python" -m venv --clear .venv
}

install() {
    echo "installing what $1 pins" >&2
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r "$1"
}

project() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
}

# Debian's package would run one for the whole machine, if nothing forbade it.
servers() {
    PATH="$PATH:/usr/sbin"
    if command -v mariadbd >/dev/null; then
        return
    fi
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "mariadbd is not here: install the package mariadb-server to have every test run." >&2
        return 1
    fi
    echo "installing mariadb-server, which the tests of moving over from eventhos start for themselves" >&2
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap 'rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends mariadb-server >/dev/null
}

"$@"
