# `make help` lists the targets. They need Python 3.11 or newer with venv, GNU make and a shell; nothing else.

# The demo takes free ports unless a PORT is named, so that it can be played beside `make run`.
DEMO_PORT := $(PORT)
PORT ?= 8000
TO ?= dev
export PORT PYTHON PYTHON313
# Without bytecode each of a run's processes compiles the tests and the application again.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
MINISTACK := .venv-ministack/.installed
RUN := .venv-run/.installed
SAM_VENV := .venv-sam/.installed
OPTIONS_FOLDER := .aws-sam/options
OPTIONS := $(OPTIONS_FOLDER)/.made

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install on-call run demo token logs break prove test thorough-test crash-test browser-test simulate publish-simulation fuzz mutate check lint types template-check security audit notices help-pages bench cost lock build deploy smoke clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  PORT=8000 is the application's; the next four are the stand-ins', AWS's and the sign-in's. PYTHON= names an interpreter."

# ---------------------------------------------------------------------------------------------------------------- venvs

# Each venv has a stamp: a second run costs nothing, a changed lock file installs again. `make lock` writes the lock files out of
# the inputs (*.in) beside them.

.venv/.installed: requirements.txt
	@tools/make_venv.sh .venv $<
	@touch $@

# Apart, because it pins botocore.
.venv-ministack/.installed: sandbox/ministack-requirements.txt
	@tools/make_venv.sh .venv-ministack $<
	@touch $@

# Apart, because it is small: what `make run` imports and no more, ministack included. The targets beside a running stack use it too.
.venv-run/.installed: sandbox/run-requirements.txt
	@tools/make_venv.sh .venv-run $< --light
	@touch $@

# Apart, because `make test` works without a browser's driver.
.venv-browser/.installed: tests/browser/requirements.txt
	@tools/make_venv.sh .venv-browser $<
	@touch $@

# Apart, because they pin what others need newer: checkov boto3, the SAM CLI click.
.venv-check/.installed .venv-guard/.installed .venv-audit/.installed .venv-lock/.installed .venv-sam/.installed: .venv-%/.installed: tools/requirements-%.txt
	@tools/make_venv.sh .venv-$* $<
	@touch $@

install: .venv/.installed $(MINISTACK) $(RUN) ## install what run, test and demo need

on-call: $(RUN) ## install what the runbook needs, no more: a minute or two, 71 MB

# ---------------------------------------------------------------------------------------------------------------- local

SANDBOX := .venv-run/bin/python -m sandbox

run: $(RUN) ## start everything on this machine until Ctrl-C
	@$(SANDBOX) run

demo: $(RUN) ## play the story of a referral against the local stack
	@PORT=$(DEMO_PORT) $(SANDBOX) demo

token: $(RUN) ## print a bearer token for the running local stack
	@$(SANDBOX) token

logs: $(RUN) ## what the running stack's functions log, until Ctrl-C; ARGS="deliver-contact --errors"
	@$(SANDBOX) logs $(ARGS)

break: $(RUN) ## break the running stack: FAULT=intercom-down, forbidden, slow, webhooks-lost, poisoned, worker-off; mend
	@$(SANDBOX) break $(or $(FAULT),--help)

prove: $(RUN) ## play five bad days in the simulated world and print what came of them; about 15 s
	@.venv-run/bin/python -m tests.simulation.prove

test: .venv/.installed $(MINISTACK) ## run the default test suite
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow and not crash and not thorough" $(ARGS)

thorough-test: .venv/.installed $(MINISTACK) $(RUN) ## what `make test` leaves out: every crash point, many histories, the runbook's commands
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "thorough and not slow and not crash" $(ARGS)

crash-test: .venv/.installed $(MINISTACK) ## kill the workers of a real local stack while Intercom's answers get lost
	@$(BIN)/python -m pytest -m crash $(ARGS)

browser-test: .venv-browser/.installed $(MINISTACK) ## click through the guides and the console; needs Chromium on the PATH
	@NEED_BROWSER=1 .venv-browser/bin/python -m pytest tests/browser $(ARGS)

simulate: .venv/.installed ## play bad days in the simulated world: SEEDS=1, SIGNUPS=10000; long
	@$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),1) --signups $(or $(SIGNUPS),10000) --processes 2 $(ARGS)
	@$(BIN)/python -m pytest -q -n 2 -m slow tests/simulation/guards/test_referral_crash_points.py tests/unit/qualification/test_disorder.py tests/unit/contact/test_histories.py

publish-simulation: .venv/.installed ## play the week's run and write docs/simulation.md: SEEDS=5, SIGNUPS=10000; an hour
	@$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),5) --signups $(or $(SIGNUPS),10000) --processes 2 --publish docs/simulation.md

fuzz: .venv/.installed ## feed seeded inputs that nobody meant to receivers, readers and the API; 30 minutes; ARGS=--help
	@$(BIN)/python -m tests.fuzz $(ARGS)

mutate: .venv/.installed ## change the product a little, some hundred times: does a test notice? 20 minutes; ARGS=--help
	@$(BIN)/python -m tools.mutate $(ARGS)

bench: .venv/.installed $(MINISTACK) ## measure imports, handlers and the way from webhook to contact
	@$(BIN)/python -m bench $(ARGS)

cost: .venv/.installed ## count what the handlers use in the simulated world, and price it
	@$(BIN)/python -m bench.cost $(ARGS)

# --------------------------------------------------------------------------------------------------------------- checks

check: lint types template-check security ## lint, types, template, security; no AWS account needed

SCRIPTS := tools/console
lint: .venv/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m tools.check_docs
	@if npm ci --prefix $(SCRIPTS) --ignore-scripts --no-audit --no-fund >/dev/null 2>&1; then \
	$(SCRIPTS)/node_modules/.bin/biome lint --error-on-warnings --config-path=$(SCRIPTS)/biome.json functions/console/files \
	&& cmp $(SCRIPTS)/node_modules/htm/preact/standalone.module.js functions/console/files/vendor/preact.js \
	&& $(BIN)/python -m tools.render_types && $(SCRIPTS)/node_modules/.bin/tsc -p $(SCRIPTS); \
	else echo "The console's scripts were not checked: npm (Node.js) cannot be had, or cannot fetch Biome and TypeScript."; fi

types: .venv/.installed
	$(BIN)/mypy

# The template as CloudFormation sees it, with each of its options.
$(OPTIONS): template.yaml tools/expand_template.py tools/template_options.py .venv/.installed
	@$(BIN)/python -m tools.template_options $(@D)
	@touch $@

template-check: $(OPTIONS) $(SAM_VENV)
	$(BIN)/cfn-lint --include-experimental template.yaml
	$(BIN)/cfn-lint --include-experimental --ignore-checks W2001 -- $(OPTIONS_FOLDER)/*.json # parameters are in place, so unused
	SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=eu-central-1 .venv-sam/bin/sam validate --lint

security: $(OPTIONS) .venv-check/.installed .venv-guard/.installed
	.venv-guard/bin/python tools/guard.py $(OPTIONS_FOLDER)/*.json
	.venv-check/bin/checkov --config-file tools/checkov.yaml --directory $(OPTIONS_FOLDER)

audit: .venv/.installed .venv-audit/.installed ## known holes, secrets and licences in what ships; ARGS=--strict
	@$(BIN)/python -m tools.audit $(ARGS)

notices: .venv/.installed ## rewrite THIRD-PARTY-NOTICES.md after make lock
	@$(BIN)/python -m tools.shipped notices

lock: .venv-lock/.installed ## pin everything that ships or runs, with hashes: each *.txt out of its *.in; ARGS=--upgrade
	@UV=.venv-lock/bin/uv tools/lock.sh $(ARGS)

# ---------------------------------------------------------------------------------------------------------------- help

help-pages: .venv/.installed ## make the console's help out of docs/configure.md
	@$(BIN)/python -m tools.render_help

# ------------------------------------------------------------------------------------------------------------------ AWS

# SAM= names another SAM CLI than the pinned one.
ifdef SAM
SAM_READY :=
else
SAM_READY := $(SAM_VENV)
SAM := .venv-sam/bin/sam
endif

build: .venv/.installed $(MINISTACK) $(SAM_READY) ## build for AWS: sam build, bytecode, each function tried as in Lambda (needs Python 3.13)
	@SAM="$(SAM)" tools/build.sh

deploy: build ## deploy to AWS with TO=dev or TO=prod, of samconfig.toml
	SAM_CLI_TELEMETRY=0 $(SAM) deploy --config-env $(TO)

smoke: .venv/.installed ## one referral through a deployed stack, undone again: TO=dev CAMPAIGN=12 EMAIL=you@…, or TO=local
	@$(BIN)/python -m tools.smoke --to $(TO) $(if $(CAMPAIGN),--campaign $(CAMPAIGN)) $(if $(EMAIL),--email $(EMAIL)) $(ARGS)

clean: ## remove what the targets made, venvs and local state included
	rm -rf .venv .venv-run .venv-ministack .venv-browser .venv-check .venv-audit .venv-lock .venv-sam .aws-sam .sandbox .mypy_cache .ruff_cache .pytest_cache
