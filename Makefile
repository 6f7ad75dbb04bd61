# Everything that is done with this project, by name. `make` alone lists it.

PYTHON ?= python3
PORT ?= 8000
DATA ?= .data/demo
VENV := .venv/bin
EXPORT := $(VENV)/uv export --quiet --frozen --no-header --no-emit-project

.DEFAULT_GOAL := help
.PHONY: help demo install install-all check test run lock messages faults bench-start browser screenshots axe mutate clean

help: ## List what can be done
	@echo "Topcentrum. What can be done:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Variables: PORT=8123 (default 8000), DATA=folder (default .data/demo), VERBOSE=1, PYTHON=python3.12"

demo: install ## The whole portal with an invented region [PORT=8123] [DATA=folder]
	@exec $(VENV)/python -m topcentrum.services --watch-parent demo --port "$(PORT)" --data "$(DATA)"

install: ## Make .venv with the locked packages that the demo needs
	@$(PYTHON) scripts/install.py demo

install-all: ## The same, and everything for tests and checks
	@$(PYTHON) scripts/install.py all

check: install-all ## Style, types, layers, migrations, settings, templates, translations, compose file, Dockerfile
	@$(VENV)/python scripts/check.py

test: install-all check ## The checks, and all tests on real servers and in a real browser
	@chromium="$$($(VENV)/python scripts/find_chromium.py)" || exit 1; \
	CHROMIUM="$$chromium" exec $(VENV)/python -m pytest -n logical --maxprocesses 8 $(ARGS)

messages: install-all ## Find new texts, and bring the English catalogue (locale/) up to date
	@$(VENV)/python scripts/messages.py

run: install ## One command with servers of its own around it, e.g. ARGS="python manage.py shell"
	@PATH="$(CURDIR)/$(VENV):$$PATH" exec $(VENV)/python -m topcentrum.services run -- $(ARGS)

browser: install-all ## Find a Chromium for the tests, or install one
	@$(VENV)/python scripts/find_chromium.py

screenshots: install-all ## Pictures of every page of the demo, in screenshots/
	@$(VENV)/python scripts/screenshots.py $(ARGS)

axe: install-all ## Every page for every person, in every look, with axe-core (long)
	@chromium="$$($(VENV)/python scripts/find_chromium.py)" || exit 1; \
	CHROMIUM="$$chromium" EVERY_LOOK=1 $(VENV)/python -m pytest -n logical tests/journeys/test_pages_in_browser.py $(ARGS)

faults: install-all ## Plugs are pulled: 10,000 letters, 200 kills (long) [FAULT_LETTERS=] [FAULT_KILLS=]
	@FAULT_LETTERS="$${FAULT_LETTERS:-10000}" FAULT_KILLS="$${FAULT_KILLS:-200}" \
	$(VENV)/python -m pytest -p no:cacheprovider -q tests/faults $(ARGS)

mutate: install-all ## Open every lock in turn: do the tests of the doors miss it? (long) [ARGS="--only matching"]
	@$(VENV)/python scripts/mutate.py $(ARGS)

bench-start: install ## Measure the cold and the warm start of the demo
	@$(VENV)/python bench/start.py

lock: install-all ## Lock the newest packages that pyproject.toml allows, and export them for pip
	$(VENV)/uv lock --upgrade
	$(EXPORT) --no-dev --group demo -o requirements/portal.txt
	$(EXPORT) --all-groups -o requirements/all.txt
	$(EXPORT) --no-dev -o requirements/production.txt

clean: ## Remove .venv, caches and collected files; data (.data) stays
	rm -rf .venv .static .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path "./.git/*" -prune -exec rm -rf {} +
