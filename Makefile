# The commands of this project. `make` alone lists them.

GO    ?= go
TIME  ?= 5m
TASKS := $(patsubst tasks/%/cmd/main.go,%,$(wildcard tasks/*/cmd/main.go))

# One set of flags for building, testing and linting, so that dependencies are compiled once.
# disable_grpc_modules leaves the gRPC transport out of the storage client: 30 MB instead of 50, and 21 without symbols.
export CGO_ENABLED := 0
export GOFLAGS     := $(strip $(shell $(GO) env GOFLAGS) -trimpath -tags=disable_grpc_modules)

# A clean tree's revision goes into a binary, which then need not hash itself to say what code it is.
VCS := $(shell git status --porcelain >/dev/null 2>&1 && echo -buildvcs=true)

# Everything a binary can be made of; a target is rebuilt only when one of these is newer.
SOURCES := go.mod go.sum version.go VERSION $(shell find pkg tasks -type f ! -name '*_test.go' ! -path '*/testdata/*')

LINT := bin/golangci-lint
GCS  := bin/fake-gcs-server
SUM  := bin/gotestsum
ACT  := bin/actionlint
BQ   := .venv/bigquery/lock

export CLIENTELE_FAKE_GCS := $(CURDIR)/$(GCS)
export CLIENTELE_BIGQUERY := $(CURDIR)/.venv/bigquery/bin/python

.DEFAULT_GOAL := help
.PHONY: help build run inspect demo images test test-quick test-go test-race contract test-page test-engine screenshots test-dags test-e2e test-terraform test-cicd dags deploy deploy-back sbom vulnerabilities push sign release-notes demo-cicd preflight airflow warehouse lint fuzz fuzz-short faults bench calibrate clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: $(TASKS:%=bin/%) ## Build every task into bin/

bin/%: tasks/%/cmd/main.go $(SOURCES)
	@echo "compiling $@ (the first program takes about 90 seconds)"
	@$(GO) build $(VCS) -ldflags='-s -w' -o $@ ./tasks/$*/cmd

run: bin/pipeline bin/demo ## Run every step: SOURCE=file ROOT=folder ARGS="--window=all"; without SOURCE on a demo shop
	@tools/run.sh $(ARGS) # SOURCE and ROOT reach it by the environment

inspect: bin/inspect ## Show how a delivery would be read and what its lines mean, without storing it: SOURCE=file ARGS="--profile=shop.toml"
	@bin/inspect --source='$(SOURCE)' $(ARGS)

# A task's image is its program and nothing else; TASKS="ingest train" builds only these, BUILDER=… chooses the builder; SPARK_BASE=saved.tar, docs/engine.md.
images: ## Build every task's image into dist/images/, with their digests in images.json; says by which builder
	@SPARK_BASE='$(SPARK_BASE)' tools/images.sh $(TASKS)

# Not where `make run` keeps its shop: of another one it would refuse days that shrink.
demo: bin/demo ## Write a demo shop: lines.csv and truth.json in OUT (.clientele/shop), ARGS="--customers=1000"
	@bin/demo --out-dir='$(or $(OUT),.clientele/shop)' $(ARGS)

test: ## Everything: format, vet, lint, all tests, a short run of every fuzz target; at the end, what was skipped and what failed
	@rm -rf .clientele/tests
	@code=0; $(MAKE) --no-print-directory --keep-going lint test-go test-race test-page test-engine test-terraform test-cicd test-dags test-e2e fuzz-short || code=$$?; \
	python3 tools/outcome.py .clientele/tests; exit $$code

# What go test has cached is not run again; TestScripts, which a cache cannot see the programs of, is left to make test.
test-quick: lint $(GCS) $(SUM) $(BQ) ## In under five minutes: lint, Go tests with -short, the DAGs on the newest Airflow
	tools/gotest.sh quick . -short ./...
	tools/gotest.sh quick-tools tools -short ./...
	tools/dags.sh "$$(ls dags/requirements | sed -n 's/^airflow-\(.*\)\.txt$$/\1/p' | sort -rV | head -n 1)"

# Go's test cache does not see the binaries that tests start: -count=1 asks for a real run.
test-go: build $(GCS) $(SUM) $(BQ) ## Only the Go tests, with the txtar scripts over the real binaries
	CLIENTELE_BIN=$(CURDIR)/bin tools/gotest.sh go . -count=1 ./...
	CLIENTELE_BIN=$(CURDIR)/bin tools/gotest.sh go-tools tools -count=1 ./...

test-race: build $(GCS) $(SUM) $(BQ) ## The packages that use goroutines, under the race detector; needs a C compiler
	CLIENTELE_BIN=$(CURDIR)/bin tools/race.sh

# One declaration each of steps, tables, rules and paths; the files that show them are checked for being current.
contract: ## Write contract.json of the DAGs, docs/tables.md, docs/storage.md and the README's table of steps, after a change of steps, flags, tables, rules or paths; and what terraform/ takes from them
	$(GO) test ./tasks/pipeline -count=1 -run 'TestGeneratedFilesAreCurrent|TestAStepIsOneEntry' -update
	@tools/terraform.sh docs

test-dags: build $(GCS) $(BQ) ## The DAGs on every supported Airflow: parse, policy, pods, as-of, exit codes, whole runs; AIRFLOW=3.1.7 for one
	tools/dags.sh $(AIRFLOW)
	tools/scenarios.sh $(AIRFLOW)

test-page: bin/demo bin/pipeline bin/registry ## The page of real runs in Chromium: numbers, search, files, keyboard, axe, phones, hostile names, print; ARGS="-k hostile"
	tools/page.sh $(ARGS)

test-engine: bin/demo bin/ingest bin/preprocess ## preprocess on a standalone Spark of two workers: the same bytes as in one process, whoever is killed; needs Java 17; ARGS="-k killed"
	tools/engine.sh $(ARGS)

screenshots: bin/demo bin/pipeline ## Every section of the page in light, dark and on a phone, into OUT (.clientele/screenshots); of a demo shop, or PAGE=report.html
	@PAGE='$(PAGE)' tools/page.sh screenshots '$(or $(OUT),.clientele/screenshots)'

# tools/e2e.sh lists the variables of the cluster that it needs.
test-e2e: bin/demo bin/pipeline $(GCS) ## The DAGs by a real scheduler in real pods, where CLIENTELE_KUBECONFIG leads; ARGS="-k deleted"
	tools/e2e.sh $(ARGS)

# tools/terraform.sh says what it needs.
test-terraform: bin/pipeline bin/demo bin/ingest bin/registry ## terraform/ without a cloud: format, validation, the modules' tests, policies on both plans; ARGS="-k bucket"
	tools/terraform.sh $(ARGS)

# tools/cicd.sh says what it needs.
test-cicd: $(GCS) $(ACT) bin/demo ## Deploying DAG sets and going back, on a folder and on a bucket; policies of the workflows; ARGS="-k killed"
	tools/cicd.sh $(ARGS)

DEPLOY := python3 tools/cicd/deploy.py

dags: ## Make dist/dags/NAME.zip: the DAGs as one set, with the digests of dist/images/images.json (IMAGES=file)
	@$(DEPLOY) build $(if $(IMAGES),--images='$(IMAGES)')

SET ?= $(wildcard dist/dags/*.zip)

# TO=gs://bucket/dags, or a folder, instead of Terraform's output of ENV; SMOKE=command that must pass, else the old set is current again.
deploy: ## Make SET=dist/dags/NAME.zip the current set of ENV=dev, after a plan and a question; ARGS=--dry-run; YES=1 does not ask
	@test '$(words $(SET))' = 1 || { echo "make deploy: want SET=dist/dags/NAME.zip, which make dags writes (got $(SET))" >&2; exit 64; }
	@$(DEPLOY) deploy --env='$(ENV)' --to='$(TO)' --set='$(SET)' --smoke='$(SMOKE)' $(if $(YES),--yes) $(ARGS)

deploy-back: ## Make the set before it current again in ENV=dev (or TO=…), after a plan and a question; ARGS=--dry-run
	@$(DEPLOY) back --env='$(ENV)' --to='$(TO)' $(if $(YES),--yes) $(ARGS)

sbom: build ## Write dist/sbom/TASK.cdx.json: every module in a program, with its licence
	@tools/cicd/supply.sh sbom $(TASKS)

vulnerabilities: ## Fail where the code calls what is known to be vulnerable; VULNDB=file:///folder instead of vuln.go.dev
	@VULNDB='$(VULNDB)' tools/cicd/supply.sh vulnerabilities

push: ## Push dist/images to IMAGES=registry/prefix, with the digests that they have
	@tools/cicd/supply.sh push

sign: ## Sign them in IMAGES=registry/prefix by cosign: COSIGN_KEY=file, or in CI without a key
	@tools/cicd/supply.sh sign

demo-cicd: build $(GCS) ## A commit through test, images, DAG set, deployment and smoke run, then a bad one and the way back, on this machine alone
	@tools/cicd/demo.sh

release-notes: ## Print the notes of the release in VERSION, or why this tree is none
	@python3 tools/cicd/release.py

preflight: ## Ask Google what would stop the first apply of ENV=dev: APIs, roles, quota, region; changes nothing
	@python3 tools/terraform/preflight.py '$(ENV)'

airflow: build ## A local Airflow with the DAGs, on a demo shop or on CLIENTELE_KUBECONFIG; VERSION=2.11.1 PORT=8081
	@tools/airflow.sh

warehouse: ## A local BigQuery with an empty dataset, until Ctrl-C; says how `make run` publishes to it; PORT=9050
	@PORT='$(PORT)' tools/bigquery.sh start

lint: $(LINT) ## gofmt, go vet, golangci-lint with the layer rules
	@bad=$$(gofmt -l doc.go pkg tasks tools); test -z "$$bad" || { echo "gofmt these files:"; echo "$$bad"; exit 1; }
	$(GO) vet ./...
	$(GO) vet -C tools ./...
	$(LINT) run ./...
	cd tools && ../$(LINT) run ./...

fuzz: ## Fuzz every target for TIME=5m each
	tools/fuzz.sh $(TIME)

fuzz-short:
	tools/fuzz.sh 2s

faults: $(GCS) ## Every step under every kind of fault, up to CALLS=10 strikes each, KIND=text for some; four minutes for each strike; writes docs/testing.md's table
	TMPDIR="$$(test -w /dev/shm && echo /dev/shm || echo "$${TMPDIR:-/tmp}")" CLIENTELE_FAULTS='$(or $(CALLS),10)' CLIENTELE_FAULTS_KIND='$(KIND)' $(GO) test ./tasks/pipeline -count=1 -timeout=2h -run '^TestFaults$$' -v -update
	CLIENTELE_FAULTS=1 $(GO) test ./tasks/pipeline -count=1 -timeout=30m -run '^TestErasureKilledAtEveryWrite$$' -v

bench: $(patsubst %,bin/%,ingest preprocess drift train evaluate promote score explore recommend predict measure audience report demo) ## Check against peers, then time all; SOURCE=online-retail.csv.gz, one row: BENCH=P2; each step as the shop grows: BENCH=growth
	tools/bench/run.sh '$(SOURCE)'

calibrate: $(BQ) ## How often drift alarms without cause, and hears one: a grid of sizes; years of daily runs of a shop that is quiet, closed, seasonal, broken and changed; a quarter of the Online Retail file; a million customers into the warehouse. Half an hour
	CLIENTELE_CALIBRATE=1 $(GO) test ./pkg/drift -count=1 -v -timeout 30m -run 'TestFalseFindings|TestPowerBySize'
	CLIENTELE_CALIBRATE=1 $(GO) test ./tasks/pipeline -count=1 -v -timeout 60m -run 'TestYearOfDays|TestWeeksOfARealShop'
	CLIENTELE_CALIBRATE=1 $(GO) test ./pkg/warehouse -count=1 -v -run TestAMillionCustomers

clean: ## Remove bin/, dist/, all runs of `make run` and `make airflow` (.clientele) and every Python environment (.venv)
	rm -rf bin dist .clientele .venv

# The tools have a module of their own: go.mod stays the product's.
$(LINT): tools/go.mod tools/go.sum
	$(GO) build -C tools -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(GCS): tools/go.mod tools/go.sum
	$(GO) build -C tools -o ../$@ github.com/fsouza/fake-gcs-server

$(ACT): tools/actionlint/go.mod tools/actionlint/go.sum
	$(GO) build -C tools/actionlint -o ../../$@ github.com/rhysd/actionlint/cmd/actionlint

$(BQ): tools/bigquery/requirements.txt tools/bigquery.sh
	@tools/bigquery.sh install

$(SUM): tools/go.mod tools/go.sum
	$(GO) build -C tools -o ../$@ gotest.tools/gotestsum
