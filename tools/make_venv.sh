#!/bin/sh
# Makes a venv, or goes on with the one that is there, and installs one lock file into it.
# usage: make_venv.sh <venv> <requirements>    PYTHON names the interpreter
set -eu
venv=$1 requirements=$2
rm -f "$venv/.installed" # whatever ends badly from here on is not installed
if ! "$venv/bin/python" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
  python=$("$(dirname "$0")/find_python.sh" "${PYTHON:-}")
  echo "Making $venv with $("$python" --version)"
  rm -rf "$venv"
  "$python" -m venv "$venv" || { rm -rf "$venv"; echo "$venv could not be made: is the venv module installed?" >&2; exit 1; }
fi
echo "Installing $requirements into $venv"
"$venv/bin/python" "$(dirname "$0")/install_requirements.py" "$requirements"
