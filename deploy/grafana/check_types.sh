#!/usr/bin/env bash
# Checks the dashboards against the types of @grafana/schema. Usage: check_types.sh [FOLDER], FOLDER keeps what npm
# fetches (default: a temporary one). Exit code 1: a dashboard has a wrong type; 3: the types cannot be had.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=${1:-$(mktemp -d)}
[ $# -gt 0 ] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work"

if ! command -v npm >/dev/null; then
  echo "check_types: npm is missing; apt-get install nodejs npm" >&2
  exit 3
fi
cp "$here/types/package.json" "$here/types/dashboard.ts" "$work"
quiet=(--loglevel error --no-package-lock --no-audit --no-fund --ignore-scripts)
if ! (cd "$work" && npm install "${quiet[@]}" >npm.log 2>&1); then
  echo "check_types: npm cannot fetch @grafana/schema and typescript: $(head -n 1 "$work/npm.log"); is a registry in reach?" >&2
  exit 3
fi

for file in "$here"/dashboards/*.json; do
  {
    echo "import type { OurDashboard } from './dashboard';"
    echo "export const made: OurDashboard = $(cat "$file");"
  } >"$work/$(basename "$file" .json).check.ts"
done
cd "$work"
node_modules/.bin/tsc --noEmit --strict --skipLibCheck --target es2022 --module esnext --moduleResolution bundler ./*.check.ts
