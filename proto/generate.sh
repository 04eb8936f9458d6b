#!/usr/bin/env bash
# Makes gridran/wire/v1 from proto/*.proto. With --check: changes nothing, fails where the two differ.
# Needs python with grpcio-tools and mypy-protobuf first on the PATH (make proto sees to it).
set -euo pipefail
cd "$(dirname "$0")/.."
target=gridran/wire/v1
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
# The path in front of "=" is how the files import one another, so that the generated imports are right as they are.
python -m grpc_tools.protoc -I "$target=proto" \
  --python_out="$made" --grpc_python_out="$made" --mypy_out=quiet:"$made" --mypy_grpc_out=quiet:"$made" \
  proto/*.proto
: > "$made/$target/__init__.py"
if [ "${1:-}" = --check ]; then
  diff -ru --exclude=__pycache__ "$target" "$made/$target" || { echo "$target is not what proto/ makes: run make proto" >&2; exit 1; }
else
  mkdir -p "$target"
  rm -f "$target"/*.py "$target"/*.pyi
  cp "$made/$target"/* "$target"/
fi
