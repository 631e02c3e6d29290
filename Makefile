# `make` alone lists the targets. Nothing has to be installed but Go 1.26, Node with npm, make and a POSIX shell.
SHELL := /bin/sh
.DEFAULT_GOAL := help

MODULES   := tools/node_modules/.package-lock.json
PROTOS    := third_party/proto/.stamp
BUF       := bin/buf
LINTER    := bin/golangci-lint
RECEIVERS := third_party/rsyslog/.unpacked third_party/syslog-ng/.unpacked
COLLECTOR := bin/hecreceiver
AZURE     := tools/azure/node_modules/.package-lock.json
SENDER    := bin/hecsender
VERSION   := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COMMIT    := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
LDFLAGS   := -s -w -X github.com/sealwatch/sealwatch/internal/build.version=$(VERSION) -X github.com/sealwatch/sealwatch/internal/build.commit=$(COMMIT)

.PHONY: help build demo test lint proto api-baseline bench third-party fuzz clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | awk -F'\t' '{printf "  %-12s %s\n", $$1, $$2}'

build: $(MODULES) ## build bin/sealwatch, and fetch the engine's library and the geo data
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/sealwatch ./cmd/sealwatch

demo: build ## start Sealwatch, play a made-up organisation with attacks into it, print the alerts; Ctrl-C ends it
	@bin/sealwatch demo

test: $(MODULES) $(RECEIVERS) $(COLLECTOR) $(AZURE) ## all tests, with the race detector, on the real engine
	tools/scripts/test.sh

lint: $(MODULES) $(PROTOS) $(BUF) $(LINTER) ## gofmt, vet, golangci-lint, buf lint, format and breaking, tidy, generated code
	@out=$$(git ls-files -co --exclude-standard '*.go' | grep -v '^gen/' | xargs gofmt -l); test -z "$$out" || { echo "gofmt wants: $$out"; exit 1; }
	go vet ./...
	$(LINTER) run ./...
	$(BUF) lint
	$(BUF) format -d --exit-code proto
	tools/scripts/buf-breaking.sh $(BUF)
	go mod tidy -diff
	tools/scripts/generated-up-to-date.sh $(BUF)

proto: $(PROTOS) $(BUF) ## generate gen/ from proto/
	$(BUF) format -w proto
	$(BUF) generate

api-baseline: $(PROTOS) $(BUF) ## promise the API as it is now: what lint compares with
	$(BUF) build proto --exclude-source-info -o tools/api-baseline.binpb

bench: $(MODULES) $(COLLECTOR) $(SENDER) ## benchmarks; the numbers are ratios to compare within one run
	go test -run '^$$' -bench . -benchmem -p 1 ./...

fuzz: ## run each fuzz target for a while (FUZZTIME=30s)
	tools/scripts/fuzz.sh $(or $(FUZZTIME),30s)

third-party: $(MODULES) $(PROTOS) $(RECEIVERS) ## fetch everything that is pinned and not built

clean: ## remove what was built and fetched
	rm -rf bin third_party tools/node_modules tools/azure/node_modules .demo

# npm checks every package against the SHA-512 in the lock file.
$(MODULES): tools/package.json tools/package-lock.json tools/.npmrc
	cd tools && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(PROTOS): $(MODULES) tools/go.mod go.mod tools/scripts/populate-proto.sh
	tools/scripts/populate-proto.sh
	@touch $@

$(BUF): tools/go.mod tools/go.sum
	cd tools && go build -o ../$(BUF) github.com/bufbuild/buf/cmd/buf

$(LINTER): tools/lint/go.mod tools/lint/go.sum
	cd tools/lint && go build -o ../../$(LINTER) github.com/golangci/golangci-lint/v2/cmd/golangci-lint

# An OpenTelemetry Collector with the receiver splunk_hec, for the tests of exporters/splunk. Where it cannot be built those tests say so
# and are skipped, or fail when CI is true.
$(COLLECTOR): tools/hecreceiver/main.go tools/hecreceiver/go.mod tools/hecreceiver/go.sum
	-cd tools/hecreceiver && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o ../../$(COLLECTOR) .

# Microsoft's clients and language service for KQL, for the tests of exporters/sentinel. Where they cannot be had those tests say so and are
# skipped, or fail when CI is true.
$(AZURE): tools/azure/package.json tools/azure/package-lock.json tools/azure/.npmrc
	-cd tools/azure && npm ci --no-audit --no-fund --loglevel=error
	@mkdir -p $(dir $@) && touch $@

# The Collector's exporter splunk_hec, for the benchmark beside ours.
$(SENDER): tools/hecreceiver/hecsender/main.go tools/hecreceiver/go.mod tools/hecreceiver/go.sum
	-cd tools/hecreceiver && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o ../../$(SENDER) ./hecsender

# Debian's rsyslog and syslog-ng, unpacked and not installed, for the tests against real receivers. Where one cannot be had those
# tests say so and are skipped, or fail when CI is true.
$(RECEIVERS): third_party/%/.unpacked: tools/scripts/unpack-receiver.sh
	-tools/scripts/unpack-receiver.sh $* third_party/$*
	@mkdir -p $(dir $@) && touch $@
