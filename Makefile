# Needs make and a Python of 3.11 or newer; everything else is fetched into .venvs/ and made below .local/ and .aws-sam/.

export SAM_CLI_TELEMETRY := 0

# The newest suitable Python, 3.13 (the functions' own) first. It is run before it is believed: a version manager's
# command may exist and yet refuse to run. Another one: make PYTHON=/path/to/python3
PYTHON ?= $(shell for python in python3.13 $$HOME/.pyenv/versions/3.13.*/bin/python3.13 python3.12 python3.11 python3 \
	$$HOME/.pyenv/versions/3.1[12].*/bin/python3; do \
	"$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo "$$python"; break; }; done)

DEV := .venvs/dev/bin
SAM := .venvs/sam/bin/sam
SCAN := .venvs/scan/bin
CORE := PYTHONPATH=layers/core/src:functions
UV := .venvs/lock/bin/uv pip compile --quiet --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help demo local submit jobs test test-simulation test-integration mutate simulate burst soak bench scan audit doctor prove format build deploy lock clean setup

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: setup ## Run jobs on this machine, no account, no Docker, no keys: make demo CONTRACT=jobs, or veo
	@$(DEV)/python -m local.demo $(if $(CONTRACT),--contract $(CONTRACT))

local: setup ## Keep the local cloud running until Ctrl-C; CONTRACT=jobs here too
	@$(DEV)/python -m local.cloud $(if $(CONTRACT),--contract $(CONTRACT))

submit: setup ## Send a job to the running local cloud: make submit TASK_ID=... INDEX=0
	@$(DEV)/python -m local.cloud.submit $(TASK_ID) $(INDEX)

jobs: setup ## The jobs of the running local cloud
	@$(DEV)/python -m local.cloud.jobs

invoke-%: setup
	@$(DEV)/python -m local.cloud.invoke $*

test: setup ## All checks and all tests
	$(DEV)/ruff format --check .
	$(DEV)/ruff check .
	$(DEV)/mypy
	PYTHONPATH=layers/core/src $(DEV)/lint-imports
	$(DEV)/pytest --quiet --numprocesses 2 --ignore tests/integration --ignore tests/e2e --ignore tests/simulation --cov --cov-report=
	$(DEV)/coverage report --fail-under 95
	$(DEV)/coverage report --fail-under 100 --include '*/veo4k/domain/*,*/veo4k/services/*'
	@$(MAKE) --silent --jobs 3 --output-sync scan test-simulation test-integration

# Side by side: those of the local cloud wait while the others use the processor, and end first.
test-simulation: WORKERS := --numprocesses 2
test-simulation test-integration: test-%:
	@$(DEV)/pytest --quiet $(WORKERS) tests/$*

simulate: setup ## The simulation: make simulate SEEDS=1000, or one seed in full: make simulate SEED=7 TASK=...
	@$(CORE) $(DEV)/python -m proofs.simulation \
		$(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),1000) $(if $(FIRST),--first $(FIRST))) \
		$(if $(JOBS),--jobs $(JOBS)) $(if $(CONTRACT),--contract $(CONTRACT)) $(if $(TASK),--task $(TASK))

burst: setup ## A burst of 100 messages against the provider's true limit, three times
	@$(DEV)/python -m proofs.burst

soak: setup .venvs/wire/.ready ## Injected faults on the local cloud: make soak, or make soak PROOFS="kills bus" SEED=7
	@$(DEV)/python -m proofs.soak $(PROOFS) $(if $(SEED),--seed $(SEED))

bench: setup build ## Benchmarks: figures beside their anchors, as ratios of one run
	@PYTHONPATH=layers/core/src:. $(DEV)/python -m bench

prove: simulate burst soak .venvs/door/.ready ## The long proofs: simulation, every two faults, random writes and files, bursts, injected faults, two stacks, the console
	@$(CORE) $(DEV)/python -m proofs.simulation --contract jobs --first 1000
	@$(CORE) $(DEV)/python -m proofs.simulation --exhaustive 2
	@$(CORE) $(DEV)/python -m proofs.simulation --profiles 20
	@$(CORE) $(DEV)/python -m proofs.simulation --mutants
	@$(CORE) $(DEV)/python -m proofs.simulation.stateful 5000 100
	@$(DEV)/pytest --quiet -s tests/e2e
	@$(CORE) $(DEV)/python -m proofs.door
	@$(CORE) $(DEV)/python -m proofs.table.differential 50000
	@$(CORE) $(DEV)/python -m proofs.mp4.fuzz 100000 7
	@$(CORE) $(DEV)/python -m proofs.mp4.differential 2000 7
	@$(CORE) $(DEV)/python -m proofs.fuzz
	@$(MAKE) --silent .venvs/browser/.ready
	@$(DEV)/python -m proofs.console

# mutmut derives module names from paths below src/, so it runs in a folder of links that has a src/. The pattern makes it
# check first that pytest finds every test by its name. The change behind a name in the list: mutmut show, in that folder.
mutate: setup ## Check that the tests notice changed code, everywhere or in one module: make mutate MODULE=veo4k.domain.gate
	@rm -rf .local/mutmut && mkdir -p .local/mutmut
	@ln -s ../../layers/core/src ../../tests ../../proofs ../../local ../../template.yaml ../../pyproject.toml .local/mutmut
	@cd .local/mutmut && ../../$(DEV)/mutmut run '$(or $(MODULE),veo4k).*'
	@cd .local/mutmut && ../../$(DEV)/mutmut results | sed '/: not checked$$/d'

scan: setup .venvs/scan/.ready ## Linters and scanners over templates, code and workflow; none of them needs the network
	$(DEV)/cfn-lint template.yaml examples/*/template.yaml
	$(SAM) validate --lint
	$(SCAN)/cfn-lint --config-file scans/cfn-lint.yaml
	$(SCAN)/checkov --config-file scans/checkov.yaml
	$(SCAN)/bandit -q -r layers/core/src functions
	$(SCAN)/bandit -q -c scans/bandit.yaml -r veo4k_cli local proofs docs_pictures

# Apart from `make test`, because it needs the package index. A package that cannot be looked up is an error, not a pass.
audit: .venvs/scan/.ready ## Known weaknesses of the deployed packages, from the package index
	$(SCAN)/pip-audit --strict --require-hashes --disable-pip --requirement layers/vendor/requirements.txt

doctor: setup ## Check whether a stack, or an API key alone, can work: make doctor STACK=veo4k, or KIE_API_KEY=... make doctor
	@$(DEV)/veo4k doctor $(if $(STACK),--stack $(STACK))

format: setup ## Format the code and fix what can be fixed
	$(DEV)/ruff format .
	$(DEV)/ruff check --fix .

build: setup ## Build functions and layers into .aws-sam/, with a bill of materials
	@$(DEV)/python -m local.cloud.build
	@$(DEV)/python -m local.cloud.bill_of_materials

# The answers of the first time are kept in samconfig.local.toml; the next time only the changes have to be confirmed.
# The stamp of local.cloud.build is removed, because it does not describe this build.
deploy: .venvs/sam/.ready ## Deploy to AWS with the SAM CLI alone; prompts for the parameters the first time
	@rm -f .aws-sam/sources.sha256
	PATH="$(CURDIR)/.venvs/sam/bin:$$PATH" $(SAM) build
	@if test -f samconfig.local.toml; then $(SAM) deploy --config-file samconfig.local.toml; else \
		cp samconfig.toml samconfig.local.toml; \
		$(SAM) deploy --guided --config-file samconfig.local.toml \
		|| { cmp -s samconfig.toml samconfig.local.toml && rm samconfig.local.toml; exit 1; }; fi

lock: .venvs/lock/.ready ## Lock the packages that the *.in files name
	$(UV) --python-version 3.11 requirements/dev.in --output-file requirements/dev.txt
	$(UV) --python-version 3.11 requirements/cloud.in --output-file requirements/cloud.txt
	$(UV) --python-version 3.11 requirements/sam.in --output-file requirements/sam.txt
	$(UV) --python-version 3.11 requirements/scan.in --output-file requirements/scan.txt
	$(UV) --python-version 3.11 requirements/browser.in --output-file requirements/browser.txt
	$(UV) --python-version 3.11 requirements/door.in --output-file requirements/door.txt
	$(UV) --python-version 3.12 --universal requirements/wire.in --output-file requirements/wire.txt
	$(UV) --python-version 3.13 --generate-hashes layers/vendor/requirements.in --output-file layers/vendor/requirements.txt

clean: ## Remove what was built, but not the environments
	rm -rf .aws-sam .local .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	find . -path ./.venvs -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

setup:
	@$(MAKE) --silent --jobs 3 .venvs/dev/bin/veo4k .venvs/cloud/.ready .venvs/sam/.ready

# The command line as pyproject.toml describes it, installed as a link to this tree.
.venvs/dev/bin/veo4k: .venvs/dev/.ready pyproject.toml
	@.venvs/dev/bin/python -m pip install -qq --disable-pip-version-check --no-input --no-deps --editable .
	@touch $@

# Python compiles what it imports. To compile everything takes half of the time of an installation.
.venvs/%/.ready: requirements/%.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv and pip is needed, and none is on the path:"; \
		echo "install one, or name it: make PYTHON=/path/to/python3"; exit 1; }
	@echo "Installing .venvs/$* (once, with $(PYTHON)) ..."
	@rm -rf .venvs/$*
	@"$(PYTHON)" -m venv .venvs/$*
	@.venvs/$*/bin/python -m pip install -qq --disable-pip-version-check --no-input --no-compile --requirement $<
	@touch $@
