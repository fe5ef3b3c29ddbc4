# make run    everything, on http://127.0.0.1:8000/ (PORT=8001 VAR_DIR=elsewhere RELOAD=1 change it)
# make test   the tests (ARGS="-k mailbox" passes options to pytest)
# make test-pages  every page in a real browser, and what takes whole runs (2 minutes)
# make test-postgres  the tests and the faults again, on a PostgreSQL that is started for them
# make faults the failure table of the README, with real processes (minutes)
# make soak   random kills under load (SOAK_KILLS=2000 SOAK_SEED=7)
# make bench  everything measured, beside others of its kind, into bench/RESULTS.md (ARGS="drain polls" QUICK=1)
# make lint   every check that needs no running program
# make staff  a login for /admin/ and /operations/
# make screenshots  the pictures in docs/ anew
# make messages  every language brought up to date with the words in the code
# make audit  asks a public database for known faults in what is locked
# make lock   the lists of exact packages anew (ARGS=--upgrade takes newer ones)

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip -qq --disable-pip-version-check

.PHONY: run test test-pages test-postgres faults soak bench lint staff screenshots messages audit lock

run: .venv/ready-to-run
	@exec $(BIN)/python -m project.runner $(if $(RELOAD),--reload)

# Every page in a real browser, light, dark, narrow and right to left; what takes whole runs, or thousands.
PAGES := $(addprefix tests/browser/test_,accessibility.py embed.py form.py mishaps.py operations.py polling.py) \
	$(addprefix tests/runner/test_,actions.py doctor.py prepare.py privacy.py) tests/test_openapi.py tests/test_serve.py

test: .venv/ready-to-test
	@$(BIN)/python -m pytest $(PAGES:%=--ignore=%) $(ARGS)

test-pages: .venv/ready-to-test
	@$(BIN)/python -m pytest $(PAGES) $(ARGS)

test-postgres: .venv/ready-to-test
	@$(BIN)/python -m tests.postgres $(BIN)/python -m pytest --ignore=tests/browser --ignore=tests/runner $(ARGS)
	@$(BIN)/python -m tests.postgres $(BIN)/python -m pytest --numprocesses=6 --dist=load tests/faults $(ARGS)

# Six at a time, since they wait most of their time: for leases to end and for frozen workers to thaw.
faults: .venv/ready-to-test
	@WRITE_FAILURE_TABLE=1 $(BIN)/python -m pytest --numprocesses=6 --dist=load tests/faults $(ARGS)

soak: .venv/ready-to-test
	@SOAK_KILLS=$${SOAK_KILLS:-2000} $(BIN)/python -m pytest --numprocesses=0 -s tests/faults/test_soak.py $(ARGS)

bench: .venv/ready-to-test bench/.venv/ready
	@$(BIN)/python -m bench $(ARGS)

staff: .venv/ready-to-run
	@$(BIN)/python -m project.runner manage migrate --verbosity 0
	@$(BIN)/python -m project.runner manage createsuperuser

screenshots: .venv/ready-to-test
	@$(BIN)/python -m docs.screenshots
	@$(BIN)/python -m docs.gallery

messages: .venv/ready-to-test
	@$(BIN)/python -m docs.messages

# A made-up production site: its settings must pass every check, whatever this shell has set.
lint: export SECRET_KEY = $(shell $(PYTHON) -c 'import secrets; print(secrets.token_hex(32))')
lint: export DEBUG = false
lint: export ALLOWED_HOSTS = feedback.example.org
lint: export CSRF_TRUSTED_ORIGINS = https://feedback.example.org
lint: export SITE_URL = https://feedback.example.org
lint: export DATABASE_URL = sqlite://:memory:
lint: export REDIS_URL = redis://redis.example.org:6379/0
lint: export EMAIL_URL = smtp+starttls://mail.example.org:587
lint: export DEFAULT_FROM_EMAIL = Feedback <feedback@mail.internal>
lint: export TRUSTED_PROXIES = 127.0.0.1
lint: export FEEDBACK_OWNERS = team@example.org
lint: .venv/ready-to-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/mypy .
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check --deploy --fail-level WARNING

# Strict: a package that the database does not know counts as a fault, not as clean.
audit: $(BIN)/pip
	@$(PIP) install pip-audit
	$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements.txt

lock: export UV_PYTHON_DOWNLOADS = never
lock: COMPILE = $(BIN)/uv pip compile pyproject.toml
lock: EXACTLY = --universal --generate-hashes --python-version 3.11 --quiet $(ARGS)
lock: $(BIN)/pip
	@$(PIP) install uv
	$(COMPILE) $(EXACTLY) -o requirements.txt
	$(COMPILE) --group dev $(EXACTLY) -c requirements.txt -o requirements-dev.txt
	$(BIN)/uv pip compile bench/requirements.in $(EXACTLY) -c requirements.txt -o bench/requirements.txt

.venv/ready-to-run: requirements.txt | $(BIN)/pip
	@echo "Installing what is needed (about 15 s, once)…"
	@$(PIP) install --require-hashes -r requirements.txt
	@touch $@

# The second list contains the first, so after this `make run` has nothing to install.
.venv/ready-to-test: requirements-dev.txt | $(BIN)/pip
	@echo "Installing what the tests and checks need (about 40 s, once)…"
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch .venv/ready-to-run $@

bench/.venv/ready: bench/requirements.txt
	@$(PYTHON) -m venv --clear bench/.venv
	@bench/.venv/bin/pip -qq --disable-pip-version-check install --require-hashes -r $<
	@touch $@

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "This needs Python 3.11 or newer; name yours: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python's venv module is missing; install it, on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(PYTHON) -m venv --clear .venv
