#!/bin/sh
# sam build, bytecode for the layer, and each function answers its sample events as in Lambda. No Docker.
# Environment: SAM (the command), PYTHON313 (an interpreter), VENV (the project's venv, for boto3 in the check).
set -eu
tools=$(dirname "$0")
sam=${SAM:-sam}
oldest=1.145.0 # before it, ParentPackageMode is ignored silently and the package cannot import

version=$("$sam" --version 2>/dev/null | sed -n 's/.*version \([0-9][0-9.]*\).*/\1/p') || version=""
[ -n "$version" ] || { echo "SAM CLI is needed for the build and does not run ($sam)." >&2; exit 1; }
if [ "$(printf '%s\n%s\n' "$oldest" "$version" | sort -V | head -n 1)" != "$oldest" ]; then
  echo "SAM CLI $version is too old: $oldest or newer is needed, for older ones ignore ParentPackageMode." >&2
  exit 1
fi
python=$("$tools/find_python313.sh" "${PYTHON313:-}")

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM
mkdir "$scratch/bin" "$scratch/native" "$scratch/runtime" "$scratch/wheels"
# SAM looks for this name on the PATH. A wrapper and not a link: a linked interpreter would lose its home.
printf '#!/bin/sh\nexec "%s" "$@"\n' "$python" >"$scratch/bin/python3.13"
chmod +x "$scratch/bin/python3.13"

# SAM asks for packages by name and version alone. It finds only these, whose hashes were compared: for Lambda, and for this machine.
# What Lambda starts a function with comes along, as the tests have it.
awk '/^(awslambdaric|simplejson|snapshot-restore-py)==/ { found = 1 } found { print } !/\\$/ { found = 0 }' requirements.txt >"$scratch/interface.txt"
for form in "" "--platform manylinux2014_aarch64 --python-version 3.13"; do
  # shellcheck disable=SC2086
  "$python" -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all: $form \
    --dest "$scratch/wheels" --requirement shared/requirements.txt --requirement "$scratch/interface.txt"
done
export PIP_NO_INDEX=1 PIP_FIND_LINKS="$scratch/wheels"

PATH="$scratch/bin:$PATH" SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION="${AWS_DEFAULT_REGION:-eu-central-1}" "$sam" build
# Each build is a release: without another text SAM sees neither a changed layer nor a changed parameter, publishes no version,
# and the alias goes on with the old one.
release=$(date -u +%Y%m%dT%H%M%SZ)-$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
sed -i.before "s/RELEASE: unreleased/RELEASE: $release/" .aws-sam/build/template.yaml
rm .aws-sam/build/template.yaml.before
[ "$(grep -c "RELEASE: $release" .aws-sam/build/template.yaml)" -ge 1 ] || { echo "The built template names no release." >&2; exit 1; }
# Lambda's file system is read-only and its bytecode would be made at each cold start. Unchecked: file times do not survive.
"$python" -m compileall -q --invalidation-mode unchecked-hash .aws-sam/build/ApplicationLayer/python
find .aws-sam/build/*Function -name '*.py' | grep -q . || { echo "sam build made no functions." >&2; exit 1; }
"$python" -m compileall -q --invalidation-mode unchecked-hash .aws-sam/build/*Function

packages=$("${VENV:-.venv}/bin/python" -c 'import boto3, pathlib; print(pathlib.Path(boto3.__file__).parent.parent)')
for name in boto3 botocore s3transfer jmespath dateutil six.py urllib3; do
  ln -s "$packages/$name" "$scratch/runtime/$name"
done
borrow() {
  into=$1
  shift
  "$python" -m pip install --quiet --disable-pip-version-check --no-deps --target "$scratch/$into" "$@"
}
# The layer is for arm64: elsewhere its compiled packages are borrowed in this machine's form, same versions.
compiled=$("$python" -I -S "$tools/check_build.py" --compiled)
# shellcheck disable=SC2086
[ -z "$compiled" ] || borrow native $compiled
"$python" -I -S "$tools/check_build.py" "$scratch/native" "$scratch/runtime"
if [ "$(uname)" = Linux ]; then
  borrow runtime awslambdaric simplejson snapshot-restore-py
  "${VENV:-.venv}/bin/python" -m tools.artefact --built "$python" "$scratch/native" "$scratch/runtime"
else
  echo "The functions were NOT tried as in Lambda: awslambdaric is for Linux alone." >&2
fi
"${VENV:-.venv}/bin/python" -m tools.shipped sbom .aws-sam/bill-of-materials.cdx.json
du -sh .aws-sam/build/ApplicationLayer | awk '{ print "layer, unpacked: " $1 }'
