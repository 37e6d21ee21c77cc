# Omnimart: every command that people and schedulers use. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
PYTHON := $(VENV)/bin/python
export DO_NOT_TRACK := 1
export RUNTIME__DLTHUB_TELEMETRY := false
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false

# Whom a signal ends cannot say so himself; 130 and 143 are a person's own.
BY_SIGNAL = RED: ended by signal $$((code - 128)), most often for want of memory (the system log tells: dmesg). What was published stays, \
	nothing is to be cleaned up; start it again. docs/operations.md, “A refresh was killed”.
OR_SAY_SO = || { code=$$?; case $$code in 13[1-9]|14[0-24-9]|15?) echo "$(BY_SIGNAL)" >&2;; esac; exit $$code; }

$(VENV)/.run: requirements.txt
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Omnimart needs Python 3.11 or newer as python3; this is $$(python3 --version)."; exit 1; }
	@test -x $(PYTHON) || { echo "Setting up the environment in $(VENV) …"; python3 -m venv $(VENV); }
	@echo "Installing what Omnimart needs (a few minutes the first time) …"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.txt
	@$(PYTHON) -m compileall -q -j 2 $(VENV)/lib >/dev/null 2>&1 || true
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@echo "Installing what the tests and the linters need …"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.txt
	@touch $@

.PHONY: help refresh report quarantine replay rebuild backfill housekeeping test dev metrics explain identity-diff identity-model lint torture rollback clean spark-check requirements

help: ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

refresh: $(VENV)/.run ## the nightly job, once; with no vendor configured, on the sandbox (ARGS="--customers 500" goes to it)
	@$(PYTHON) -m orchestration.refresh $(ARGS) $(OR_SAY_SO)

report: $(VENV)/.run ## what the newest refresh did, on one screen (ARGS="<run id>" for another)
	@$(PYTHON) -m orchestration.report $(ARGS)

quarantine: $(VENV)/.run ## the rejected records, why, and their payload (ARGS="[<vendor> [<resource> [<key>]]] [--json]")
	@$(PYTHON) -m orchestration.quarantine $(ARGS)

replay: $(VENV)/.run ## judge what is in quarantine again, from the lake (ARGS="<vendor> [<resource> [<key>]]" tells of these alone)
	@$(PYTHON) -m orchestration.replay $(ARGS) $(OR_SAY_SO)

rebuild: $(VENV)/.run ## the warehouse file anew from the lake alone, without asking a vendor
	@$(PYTHON) -m orchestration.rebuild $(ARGS) $(OR_SAY_SO)

backfill: $(VENV)/.run ## read days of one vendor again and publish what came (ARGS="<vendor> <first day> <last day> [<resource> ...]")
	@$(PYTHON) -m orchestration.backfill $(ARGS) $(OR_SAY_SO)

housekeeping: $(VENV)/.run ## put small files of the lake together and let go what retention allows (ARGS=--dry-run only says it)
	@$(PYTHON) -m orchestration.housekeeping $(ARGS) $(OR_SAY_SO)

test: $(VENV)/.dev ## the whole test suite
	@$(PYTHON) -m pytest

dev: $(VENV)/.run ## Dagster's web UI on loopback, port 3000
	@$(PYTHON) -m orchestration.dev

metrics: $(VENV)/.run ## ask the published KPIs by any dimension (ARGS="query --metrics open_rate --group-by metric_time__month")
	@$(PYTHON) -m orchestration.metrics $(ARGS)

explain: $(VENV)/.run ## why two records are one customer or not, as a table and a picture (A=<system>:<record> B=<system>:<record>)
	@$(PYTHON) -m orchestration.explain "$(A)" "$(B)"

identity-diff: $(VENV)/.run ## which customers would merge, split and move, before they do (ARGS="--kpis", "--model <version>"); exit 1 if any
	@$(PYTHON) -m orchestration.identity_diff $(ARGS)

identity-model: $(VENV)/.run ## train the likeness model on one's own records (ARGS="--keep", "--use <version>", "--list")
	@$(PYTHON) -m orchestration.identity_model $(ARGS)

.venv-audit/.run: requirements-audit.txt
	@test -x .venv-audit/bin/python || python3 -m venv .venv-audit
	@.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-audit.txt \
		&& touch $@ || echo "pip-audit could not be installed."

lint: $(VENV)/.dev .venv-audit/.run ## ruff, sqlfluff, and known vulnerabilities of what is pinned, where the registry tells them
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m sqlfluff lint dbt_project/models dbt_project/tests --processes 2
	@$(PYTHON) -m tests.audit

torture: $(VENV)/.dev ## the long proofs of docs/reliability.md, hours (ARGS="crash --moments 5" for one of them)
	@$(PYTHON) -m tests.torture $(ARGS)

rollback: $(VENV)/.run ## publish the version before the current one again
	@$(PYTHON) -m orchestration.publish rollback

spark-check: $(VENV)/.run ## build every model on Spark over empty shelves, in an environment of its own
	@bash dbt_project/spark_check.sh

requirements: $(VENV)/.dev ## pin what pyproject.toml asks for, with hashes
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check uv
	@$(PYTHON) -m uv pip compile pyproject.toml --group dev --generate-hashes --no-emit-index-url --no-header --universal -q -o requirements-dev.txt
	@$(PYTHON) -m uv pip compile pyproject.toml -c requirements-dev.txt --generate-hashes --no-emit-index-url --no-header --universal -q -o requirements.txt
	@$(PYTHON) -m uv pip compile requirements-spark.in --generate-hashes --no-emit-index-url --no-header --universal -q -o requirements-spark.txt
	@$(PYTHON) -m uv pip compile requirements-audit.in --generate-hashes --no-emit-index-url --no-header --universal -q -o requirements-audit.txt

clean: ## remove the environments and what builds leave behind; data stays
	@rm -rf $(VENV) .venv-spark .venv-audit dbt_project/target dbt_project/logs .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
