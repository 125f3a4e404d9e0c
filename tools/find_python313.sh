#!/bin/sh
# Prints a Python 3.13 that really runs and has pip: what `sam build` needs for the runtime python3.13.
# usage: find_python313.sh [python]    with an argument only that one is tried
works() { "$1" -c 'import sys, pip; sys.exit(sys.version_info[:2] != (3, 13))' >/dev/null 2>&1; }

if [ -n "${1:-}" ]; then
  works "$1" && command -v "$1" && exit 0
  echo "PYTHON313=$1 is no Python 3.13 with pip." >&2
  exit 1
fi
works python3.13 && command -v python3.13 && exit 0
# A shim fails outside its own version; pyenv and uv know where their interpreters are.
if command -v pyenv >/dev/null 2>&1; then
  for version in $(pyenv versions --bare 2>/dev/null | grep '^3\.13\.' | sort -rV); do
    candidate="$(PYENV_VERSION="$version" pyenv prefix 2>/dev/null)/bin/python3.13"
    works "$candidate" && echo "$candidate" && exit 0
  done
fi
if command -v uv >/dev/null 2>&1; then
  candidate="$(uv python find --no-project 3.13 2>/dev/null)"
  [ -n "$candidate" ] && works "$candidate" && echo "$candidate" && exit 0
fi
echo "Python 3.13 with pip is needed for the build (the functions' runtime) and was not found; name one with PYTHON313=." >&2
exit 1
