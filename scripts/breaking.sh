#!/usr/bin/env bash
# Compares the API with the last release tag: a change that breaks an installed client fails the build.
# Before the first release there is nothing to break, and the script says so.
set -euo pipefail
buf=$(realpath "$1")
cd "$(dirname "$0")/.."
tag=$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null || true)
against=${tag:-HEAD}
if ! git rev-parse --verify --quiet "$against:proto/buf.yaml" >/dev/null; then
  echo "no earlier API in git to compare with"
  exit 0
fi
base=$(mktemp -d)
trap 'rm -rf "$base"' EXIT
git archive "$against" proto | tar -x -C "$base"
cd proto
"$buf" breaking --against "$base/proto"
echo "API unbroken against $against"
