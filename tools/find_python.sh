#!/bin/sh
# Prints a Python that really runs (a pyenv shim may be there and fail), is 3.11 or newer and can make a venv.
# usage: find_python.sh [python]    with an argument only that one is tried
works() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

if [ -n "${1:-}" ]; then
  works "$1" && command -v "$1" && exit 0
  echo "PYTHON=$1 does not run, is older than 3.11 or has no venv module." >&2
  exit 1
fi
for candidate in python3.13 python3.12 python3.11 python3 python; do
  works "$candidate" && command -v "$candidate" && exit 0
done
echo "Python 3.11 or newer with its venv module is needed and was not found (Debian: apt-get install python3 python3-venv); name one with PYTHON=." >&2
exit 1
