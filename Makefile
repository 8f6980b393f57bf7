# `make demo` and `make test` need nothing but Python 3.11+ and a package registry.
PYTHON ?= python3
CORES ?= $(shell nproc)
UV := uv==0.13.8
BIN := .venv/bin
INSTALLED := .venv/.installed
# Without a GPU as many trainings run at once as there are cores; with gpu=1 it would be one.
GPUS ?= $(shell nvidia-smi --list-gpus 2>/dev/null | grep -c GPU)
SNAKEMAKE := $(BIN)/snakemake --cores $(CORES) --resources gpu=$(GPUS)

.PHONY: setup setup-tensorflow setup-label-studio setup-docs setup-viewers docs docs-links demo test test-all faults fuzz \
	findings bench newcomer slurm lint format lock sbom audit ui clean

setup: $(INSTALLED)

# uv installs the hashed pins in seconds; where it cannot (a registry known to pip alone), pip does.
$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "coldstart needs Python 3.11 or newer: make setup PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet $(UV) && \
		$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements.lock || \
		$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# TensorFlow lives in an environment of its own, for SavedModel encoders alone.
setup-tensorflow: .venv-tensorflow/.installed

.venv-tensorflow/.installed: requirements-tensorflow.txt $(INSTALLED)
	$(PYTHON) -m venv .venv-tensorflow
	$(BIN)/uv pip install --quiet --python .venv-tensorflow/bin/python --require-hashes --compile-bytecode \
		-r requirements-tensorflow.txt || \
		.venv-tensorflow/bin/pip install --quiet --require-hashes -r requirements-tensorflow.txt
	@touch $@

# So does Label Studio, for the test against its server alone. It starts once: compiling all of it takes longer.
setup-label-studio: .venv-label-studio/.installed

.venv-label-studio/.installed: requirements-label-studio.txt $(INSTALLED)
	$(PYTHON) -m venv .venv-label-studio
	$(BIN)/uv pip install --quiet --python .venv-label-studio/bin/python --require-hashes \
		-r requirements-label-studio.txt || \
		.venv-label-studio/bin/pip install --quiet --require-hashes -r requirements-label-studio.txt
	@touch $@

# And Sphinx, for the site alone.
setup-docs: .venv-docs/.installed

.venv-docs/.installed: requirements-docs.txt $(INSTALLED)
	$(PYTHON) -m venv .venv-docs
	$(BIN)/uv pip install --quiet --python .venv-docs/bin/python --require-hashes -r requirements-docs.txt || \
		.venv-docs/bin/pip install --quiet --require-hashes -r requirements-docs.txt
	@touch $@

# Chromium and LaTeX, by which tests look at pages and tables as people do: Debian's, as root. Skipped without them.
setup-viewers:
	@command -v chromium > /dev/null && command -v pdflatex > /dev/null || { \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		chromium fonts-dejavu-core texlive-latex-recommended; } > /dev/null || \
		echo "Chromium and LaTeX cannot be installed here: the tests that need them are skipped"

SPHINX := .venv-docs/bin/sphinx-build -W --keep-going --quiet -c docs .

# Into site/; a link that leads nowhere is an error.
docs: setup-docs
	$(SPHINX) site
	@echo "The site: site/index.html"

# Links to other places than this repository, which needs a network.
docs-links: setup-docs
	$(SPHINX) -b linkcheck site/links

# Its last lines name tables, figures, report and MLflow's store.
demo: setup
	$(SNAKEMAKE)

# The fast tests first, then those that train networks and run the workflow. One thread for each of the workers:
# more would wait for each other.
test: export OMP_NUM_THREADS = 1
test: setup setup-tensorflow
	$(BIN)/python -m pytest -q -n $(CORES) --durations 15 -m "not slow and not workflow and not long and not faults"
	$(BIN)/python -m pytest -q -n $(CORES) --dist loadfile --durations 25 -m "(slow or workflow) and not long and not faults"

# Also the published systems at length, each on a stand-in of its data.
test-all: export OMP_NUM_THREADS = 1
test-all: test
	$(BIN)/python -m pytest -q -n $(CORES) --dist loadfile -m long

# Kills, full disks, dead servers: what docs/robustness.md reports. Half an hour on two cores.
faults: setup
	$(BIN)/python -m pytest -q -m faults --durations 0 tests/faults

# Changed files for every reader, in child processes; SECURITY.md says what came out.
FUZZ ?= 10000
fuzz: export OMP_NUM_THREADS = 1
fuzz: setup
	PYTHONPATH=tests $(BIN)/python -m fuzz --inputs $(FUZZ)

# What docs/findings.md reports, on the data that it names, below data/; it goes on where it was.
findings: setup
	$(BIN)/python docs/findings.py --cores $(CORES) --gpus $(GPUS)

# What benchmarks/README.md reports, one after the other: about an hour on two cores, best with nothing beside it.
bench: setup
	@for name in training gpu kmeans selection_cost embedding workflow results_size grid_time; do \
		$(BIN)/python benchmarks/$$name.py || exit 1; echo; done

# The README's way from a clone to a list of one's own images, timed; it installs an environment of its own.
newcomer: setup
	$(BIN)/python benchmarks/newcomer.py

# A small grid through a real SLURM of one node; as root on Debian 12, since it installs SLURM's packages.
slurm: setup
	$(BIN)/python benchmarks/slurm.py

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow/Snakefile workflow/rules
	$(BIN)/snakemake --lint
	$(BIN)/snakemake --lint --configfile config/my_pool.yaml

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow/Snakefile workflow/rules

# The lock carries hashes and no address; uv.lock carries addresses and stays out of git.
lock: setup
	$(BIN)/uv lock
	$(BIN)/uv export --quiet --frozen --no-emit-project --no-header \
		--extra test --extra lint --extra encoders --output-file requirements.lock > /dev/null

# A bill of materials in CycloneDX, and the table of licences.
sbom: setup
	$(BIN)/python -m coldstart.dependencies --sbom > sbom.cdx.json
	$(BIN)/python -m coldstart.dependencies > docs/dependencies.md

# Holds the pins against the known vulnerabilities; fails where their database cannot be reached.
audit: setup
	$(BIN)/uv tool run pip-audit --strict --require-hashes --disable-pip --requirement requirements.lock

ui: setup
	$(BIN)/mlflow ui --backend-store-uri sqlite:///results/mlflow.db

clean:
	rm -rf results .snakemake
