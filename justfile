# Everything one does here. `just` lists it.

set positional-arguments := true
set export := true

PATH := justfile_directory() / ".venv/bin:" + env("PATH")
VIRTUAL_ENV := justfile_directory() / ".venv"

[private]
default:
    @just --list --unsorted

# Install what running needs, and build the app; quick when nothing changed
[private]
setup-run:
    @scripts/setup run

# Install what developing and testing needs
[private]
setup-dev:
    @scripts/setup dev

# Start everything on http://localhost:8000 with a demo ward; Ctrl-C stops it
start: setup-run
    @python -m backend start

# Server with reload, and the app's own development server beside it
dev: setup-dev
    @scripts/dev

# All tests
test *arguments: setup-dev
    @scripts/test "$@"

# Format, lint, types, imports, translations: seconds
check: setup-dev
    ruff format --check backend media_store tests
    ruff check backend media_store tests
    mypy
    lint-imports
    python -m backend.catalogues check
    cd pwa && npm run --silent lint && npm run --silent check

# Types alone
types: setup-dev
    mypy
    cd pwa && npm run --silent check

# Write what `check` would complain about
format: setup-dev
    ruff format backend media_store tests
    ruff check --fix backend media_store tests
    cd pwa && npm run --silent format

# Collect texts from the sources and renew the catalogues
i18n: setup-dev
    python -m backend.catalogues extract
    python -m backend.catalogues update

# The API's description and the phone's types for it
openapi: setup-dev
    python -m backend openapi > pwa/src/lib/api/openapi.json
    cd pwa && npx --no-install openapi-typescript src/lib/api/openapi.json -o src/lib/api/schema.d.ts

# Build the app (brotli and gzip beside every file)
build: setup-run
    cd pwa && npm run --silent build

migrate: setup-run
    @python -m backend migrate

# Load the demo wards and print join links
demo: setup-run
    @python -m backend demo

# Every screen of every role, three languages, two widths, light and dark, into var/screens
screens *arguments: setup-dev
    @python -m tests.e2e.screens "$@"

# Figures beside their goals; writes var/bench.json
bench *arguments: setup-dev
    @python -m tests.bench "$@"

# Broken lines, killed servers, killed phones: --seeds N, --first F, or --seed S told in full
faults *arguments: setup-dev
    @python -m tests.faults "$@"

# Two thousand phones at once, and one that comes back after sixty days
load: setup-dev
    @scripts/test -m load tests/load

# The resident's journey and bad lines in WebKit and Firefox
engines: setup-dev
    @scripts/test -m engines tests/engines

# Write the pinned requirements anew (after a change in pyproject.toml)
lock: setup-dev
    uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 --extra build -o requirements/run.txt pyproject.toml
    uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 --extra build --extra dev -o requirements/dev.txt pyproject.toml
