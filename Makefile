# Everything that a person types at Confab's own tree. Needs Python 3.11 or later, and make; no more.

.DEFAULT_GOAL := help
.PHONY: help install run setup doctor test check docs house bench load attack prove mutate lock clean

# The first interpreter that starts and is new enough; `make install PYTHON=…` names another.
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
# Most tests wait for a server or a clock at times: two of them share a processor.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(min(16, 2 * (os.cpu_count() or 1)))')
# These start many processes: none is to compile the code anew.
test prove bench load attack: export PYTHONDONTWRITEBYTECODE :=
# Versions already locked are kept; `make lock LOCK_FLAGS=--upgrade` looks for newer ones.
LOCK := .venv/lock/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --system-certs \
	--no-header --no-annotate $(LOCK_FLAGS)

help:  ## show these lines
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */make \1\t/' | expand -t 14

install: .venv/requirements-dev.installed  ## make .venv with everything to run, test and check

run: .venv/requirements-run.installed  ## start Confab: in a pretend Slack, or in yours when .env holds its tokens
	@echo "Confab is looking for what it is to run with"
	@$(BIN)/python -m deploy.start

setup: .venv/requirements-run.installed  ## connect Slack, Discord and a model, step by step
	@$(BIN)/python -m bots setup

doctor: .venv/requirements-run.installed  ## look whether all is well with what .env says, and say what to mend
	@$(BIN)/python -m bots doctor

test: install  ## run the tests (a few minutes)
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal -m "not prove"

check: install  ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: install  ## write the table of errors in docs/operating.md anew, from the tree of errors
	@$(BIN)/python -m tests.support.error_table

house: install  ## print how easily one finds one's way in the code: names, circles, the way of one message
	@$(BIN)/python -m tests.support.house
	@$(BIN)/python -m tests.support.message_path

bench: install  ## measure Confab beside a bare bot, as ratios
	@$(BIN)/python -m tests.bench
	@$(BIN)/python -m tests.bench.moderation
	@$(BIN)/python -m tests.bench.retrieval

load: install  ## hold the highest load that this machine carries, for ten minutes
	@$(BIN)/python -m tests.bench.load

attack: install  ## attack the bot with a mad endpoint, hostile files and a mad platform, then with all of it and kills for MINUTES (1)
	@$(BIN)/python -m tests.proofs.attack --minutes $(or $(MINUTES),1)

prove: install .venv/requirements-prove.installed .venv/requirements-servers.installed  ## kill the bot at every point, run 10,000 random schedules, and the other tests that take long
	@$(BIN)/python -m tests.proofs.killing
	@$(BIN)/python -m tests.proofs.schedules
	$(BIN)/python -m pytest -q -m "prove or hypothesis" --hypothesis-profile=explore
	@$(BIN)/python -m tests.support.mutate

mutate: install  ## break the code in CHANGES small ways (200), drawn by SEED (1), and print which the tests do not notice
	@$(BIN)/python -m tests.support.mutate $(or $(CHANGES),200) $(or $(SEED),1)

lock: $(BIN)/python  ## write the exact versions and hashes anew, from pyproject.toml
	$(BIN)/python -m venv .venv/lock
	.venv/lock/bin/python -m pip install -q "uv>=0.13,<0.14"
	$(LOCK) pyproject.toml --extra voice --extra mcp --extra encryption -o requirements.txt
	$(LOCK) pyproject.toml --extra voice --extra mcp --extra encryption --extra sandbox -c requirements.txt -o requirements-run.txt
	$(LOCK) pyproject.toml --extra voice --extra mcp --extra encryption --extra sandbox --group dev -c requirements-run.txt -o requirements-dev.txt

clean:  ## remove .venv and the caches; .env and the database stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find bots core deploy tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is newer than its requirements file once they are installed. `run` needs the shorter of the two only,
# so that the first start does not wait for the test tools.
.venv/%.installed: %.txt $(BIN)/python
	@echo "Installing $< into .venv (a minute or so, once)"
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r $<
	@touch $@

# Real servers, where there are wheels of them for this machine; what cannot be installed is left out, and said so.
.venv/requirements-prove.installed: requirements-prove.txt $(BIN)/python
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -r $< && touch $@ || \
		echo "No real servers here: the proofs with them are left out."

.venv/requirements-servers.installed: requirements-servers.txt $(BIN)/python
	@$(PYTHON) -m venv .venv/servers && .venv/servers/bin/python -m pip install -q --disable-pip-version-check -r $< && \
		touch $@ || echo "No LiteLLM and no faster-whisper here: the proofs with them are left out."

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Confab needs Python 3.11 or later: install it from python.org or your" \
		"system's packages, then run make again." >&2; exit 1; }
	@echo "Making .venv with $$($(PYTHON) -V)"
	@$(PYTHON) -m venv --clear .venv || { rm -rf .venv; echo "$(PYTHON) cannot make a virtual environment:" \
		"on Debian and Ubuntu, apt-get install python3-venv, then run make again." >&2; exit 1; }
