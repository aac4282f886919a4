# Every task is one command; `make help` lists them. All but `demo` and the local tests run without root.

VENV := .venv
PYTHON := $(VENV)/bin/python
PIN := pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
  --no-header --allow-unsafe --strip-extras
.DEFAULT_GOAL := help

help: ## list the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/ready ## the example shop on a real Nomad and Consul on this machine
	$(PYTHON) -m examples.demo

test: $(VENV)/ready ## formatting, lint, types, architecture and all tests, on the real parts
	$(MAKE) --no-print-directory --jobs lint types binaries .venv-checkov/ready
	$(PYTHON) -m pytest --numprocesses 2 --dist loadscope

proofs: $(VENV)/ready ## what takes too long for every change: power cuts, lost disks and updates of all stand-ins
	$(PYTHON) -m pytest -m slow tests/bed tests/machines

binaries: $(VENV)/ready
	$(PYTHON) -m tests.tools.build nomad consul ferretdb nomad-1.11.4 || test "$$CI" != true

lint: $(VENV)/ready ## formatting, lint and the architecture's contracts
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/lint-imports

types: $(VENV)/ready ## static types
	$(VENV)/bin/mypy

fmt: $(VENV)/ready ## format the code
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

golden: $(VENV)/ready ## rewrite what golden tests compare with; read the diff
	$(PYTHON) -m pytest -q tests/test_golden.py --update-golden

docs: $(VENV)/ready ## rewrite the reference page from the schema
	$(PYTHON) -m hashistack.descriptor.export reference > docs/reference.md

bench: $(VENV)/ready .venv-luma/ready ## measure against luma-infra in one run, as ratios
	$(PYTHON) benchmarks/run.py --luma .venv-luma/bin/luma

lock: ## pin requirements with hashes; needs pip-tools
	$(PIN) --output-file requirements-dev.txt requirements-dev.in
	$(PIN) --output-file tests/tools/requirements-checkov.txt tests/tools/requirements-checkov.in

$(VENV)/ready: requirements-dev.txt pyproject.toml
	python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --require-hashes --requirement requirements-dev.txt
	$(PYTHON) -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# checkov wants other versions of what we use: it has an environment of its own.
.venv-checkov/ready: tests/tools/requirements-checkov.txt
	python3 -m venv .venv-checkov
	.venv-checkov/bin/python -m pip install --quiet --require-hashes --requirement tests/tools/requirements-checkov.txt
	touch $@

.venv-luma/ready: benchmarks/requirements-luma.txt
	python3 -m venv .venv-luma
	.venv-luma/bin/python -m pip install --quiet --require-hashes --requirement benchmarks/requirements-luma.txt
	touch $@

.PHONY: help demo test proofs binaries lint types fmt golden docs bench lock
