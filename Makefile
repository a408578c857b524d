# Sangdam. `make run` and `make test` are all anybody needs; both set everything up.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(VENV)/bin/pip --disable-pip-version-check install --quiet
UNIT := -m "not browser and not process and not slow" -n 2

.PHONY: setup setup-dev setup-vision run test test-unit test-browser test-neural test-vision train-detector test-llm run-local-llm test-engine fuzz screens check format bench evals clean

setup: $(VENV)/.runtime

# Nothing below asks the network again until a requirements file changes.
$(VENV)/.runtime: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@echo "Installing requirements.txt (once, a minute or two) …"
	@$(PIP) -r requirements.txt
	@touch $@

setup-dev: $(VENV)/.dev

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@echo "Installing requirements-dev.txt (once) …"
	@$(PIP) -r requirements-dev.txt
	@touch $@

run: setup
	@flags=$$($(PY) settings.py) && exec $(VENV)/bin/streamlit run Home.py $$flags

# Two workers do what needs neither browser nor processes; the rest is about time, so alone.
test: setup-dev
ifdef ARGS
	@$(PY) -m pytest $(ARGS)
else
	@$(PY) -m pytest $(UNIT)
	@$(PY) -m pytest -m "browser or process or slow" --durations=15
endif

test-unit: setup-dev
	@$(PY) -m pytest $(UNIT) $(ARGS)

test-browser: setup-dev
	@$(PY) -m pytest -m browser $(ARGS)

# Each extra has an environment of its own, so that the default one stays light.
.venv-neural/.installed: requirements.txt requirements-neural.txt requirements-dev.txt
	@test -x .venv-neural/bin/python || $(PYTHON) -m venv .venv-neural
	@echo "Installing requirements-neural.txt (once, a few minutes) …"
	@.venv-neural/bin/pip --disable-pip-version-check install --quiet \
		-r requirements-neural.txt -r requirements-dev.txt
	@touch $@

test-neural: .venv-neural/.installed
	@HF_HUB_OFFLINE=1 .venv-neural/bin/python -m pytest tests/neural $(ARGS)

# torch with what it needs, then the rest as listed: requirements-vision.txt says why.
.venv-vision/.installed: requirements.txt requirements-vision.txt requirements-dev.txt
	@test -x .venv-vision/bin/python || $(PYTHON) -m venv .venv-vision
	@echo "Installing requirements-vision.txt (once, a few minutes) …"
	@.venv-vision/bin/pip --disable-pip-version-check install --quiet \
		-r requirements-dev.txt $$(grep -E '^torch(vision)?==' requirements-vision.txt)
	@.venv-vision/bin/pip --disable-pip-version-check install --quiet --no-deps \
		-r requirements-vision.txt
	@touch $@

setup-vision: .venv-vision/.installed

test-vision: .venv-vision/.installed
	@.venv-vision/bin/python -m pytest tests/vision_extra $(ARGS)

# Weights to ship, from nothing: draws the pictures, trains, measures, writes data/models/defects.*.
# Half an hour on two cores that do nothing else. 160 px: more passes taught more than more pixels.
DETECTOR := $(or $(SANGDAM_DATA_DIR),var)/detector
train-detector: .venv-vision/.installed
	@test -f $(DETECTOR)/data/data.yaml || .venv-vision/bin/python -m vision.generate.dataset \
		$(DETECTOR)/data --train 6000 --val 800 --test 800
	@.venv-vision/bin/python -m vision train $(DETECTOR)/data --side 160 --epochs 8 \
		--out $(DETECTOR)/weights --ship $(ARGS)
	@.venv-vision/bin/python -m evals.vision.detector_eval --ship

.venv-llm/.runtime: requirements.txt requirements-llm.txt
	@test -x .venv-llm/bin/python || $(PYTHON) -m venv .venv-llm
	@echo "Installing requirements-llm.txt (once, a few minutes) …"
	@.venv-llm/bin/pip --disable-pip-version-check install --quiet -r requirements-llm.txt
	@touch $@

.venv-llm/.dev: requirements-dev.txt .venv-llm/.runtime
	@.venv-llm/bin/pip --disable-pip-version-check install --quiet -r requirements-dev.txt
	@touch $@

test-llm: .venv-llm/.dev
	@HF_HUB_OFFLINE=1 .venv-llm/bin/python -m pytest tests/llm $(ARGS)

# MODEL=/path/to/folder [LLM_PORT=8001] [SERVER_ARGS="options of the model's server"]
run-local-llm: setup
	@if [ -f "$(MODEL)/config.json" ] && ! [ -x $(VENV)/bin/vllm ] && ! command -v vllm >/dev/null; \
		then $(MAKE) --no-print-directory .venv-llm/.runtime; fi
	@exec $(PY) -m agent local-llm "$(MODEL)" --port $(or $(LLM_PORT),8001) \
		$(if $(SERVER_ARGS),--server-args="$(SERVER_ARGS)")

# 2,000 random sequences of actions, new ones each time; SEED=… repeats a run.
test-engine: setup-dev
	@seed=$${SEED:-$$(date +%s)}; echo "SEED=$$seed"; $(PY) -m pytest \
		tests/agent/test_engine_sequences.py --hypothesis-profile engine \
		--hypothesis-seed $$seed $(ARGS)

# Schemathesis as five callers, EXAMPLES an operation, new ones each time; SEED=… repeats a run.
fuzz: setup-dev
	@$(PY) -m tests.api.fuzz $(ARGS)

# Every page, desktop and phone, into docs/screens; ARGS="desk dashboard" for single ones.
screens: setup-dev
	@$(PY) -m tests.browser.screens $(ARGS)

check: setup-dev
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(PY) -m pytest $(ARGS)

format: setup-dev
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/ruff check --fix .

bench: setup-dev
	@$(PY) -m benchmarks $(ARGS)

# Every suite, compared with the last run; ARGS="--suite intents" measures one.
evals: setup-dev
	@$(PY) -m evals run $(ARGS)

clean:
	rm -rf $(VENV) .venv-neural .venv-vision .venv-llm .mypy_cache .ruff_cache
