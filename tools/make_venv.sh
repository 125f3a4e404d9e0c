#!/bin/sh
# Makes a venv, or goes on with the one that is there, and installs one lock file into it.
# usage: make_venv.sh <venv> <requirements> [--light]    PYTHON names the interpreter
# --light: without pip, which the interpreter brings for this one call, and without bytecode of what nobody may ever import.
set -eu
venv=$1 requirements=$2 light=${3:-}
rm -f "$venv/.installed" # whatever ends badly from here on is not installed
if ! "$venv/bin/python" -c "import sys, ${light:+ensure}pip; sys.exit(sys.version_info < (3, 11))" >/dev/null 2>&1; then
  python=$("$(dirname "$0")/find_python.sh" "${PYTHON:-}")
  echo "Making $venv with $("$python" --version)"
  rm -rf "$venv"
  "$python" -m venv ${light:+--without-pip} "$venv" && "$venv/bin/python" -c 'import ensurepip' || { rm -rf "$venv"; echo "$venv could not be made: is the venv module installed?" >&2; exit 1; }
fi
echo "Installing $requirements into $venv"
"$venv/bin/python" "$(dirname "$0")/install_requirements.py" "$requirements" $light
