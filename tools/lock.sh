#!/bin/sh
# Pins everything that ships or runs, with hashes: each lock file out of its input, for Python 3.11 and newer and every platform.
# usage: lock.sh [--upgrade]    UV names the command. What ships is locked first; nothing else may choose another version of it.
set -eu
lock() {
  input=$1 output=$2
  shift 2
  echo "Locking $output"
  "${UV:-uv}" pip compile --quiet --no-config --generate-hashes --universal --python-version 3.11 --no-annotate --no-emit-index-url \
    --custom-compile-command "make lock, from $input; do not edit" "$@" "$input" --output-file "$output"
}
lock requirements-shipped.in shared/requirements.txt "$@"
lock requirements.in requirements.txt --constraint shared/requirements.txt "$@"
lock tests/browser/requirements.in tests/browser/requirements.txt --constraint requirements.txt "$@"
lock sandbox/ministack-requirements.in sandbox/ministack-requirements.txt "$@"
lock sandbox/run-requirements.in sandbox/run-requirements.txt --constraint shared/requirements.txt \
  --constraint sandbox/ministack-requirements.txt --excludes sandbox/run-left-out.txt "$@"
lock tools/requirements-audit.in tools/requirements-audit.txt "$@"
lock tools/requirements-check.in tools/requirements-check.txt "$@"
lock tools/requirements-guard.in tools/requirements-guard.txt --no-deps "$@"
lock tools/requirements-lock.in tools/requirements-lock.txt "$@"
lock tools/requirements-sam.in tools/requirements-sam.txt "$@"
