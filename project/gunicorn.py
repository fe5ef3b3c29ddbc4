"""gunicorn's settings, the same under `make run` and in production; its own command line may add to them."""

from math import ceil

from project.environment import read_environment

_env = read_environment()

bind = f"127.0.0.1:{_env['PORT']}"  # unless a service manager hands us its socket
worker_class = "gthread"
# Few threads: those of one process wait badly for SQLite's one write lock. With 8 visitors who
# post without a pause, 2 processes of 2 threads answered in 37 ms (p99), 1 of 4 in 0.6 to 1.4 s.
workers = min(2, _env["WEB_THREADS"])
threads = ceil(_env["WEB_THREADS"] / workers)
graceful_timeout = 30
loglevel = "warning"
control_socket_disable = True
# Who may say that a visitor came by https://; and no visitor may say under which path we live.
forwarded_allow_ips = ",".join(["127.0.0.1", "::1", *map(str, _env["TRUSTED_PROXIES"])])
forwarder_headers = ""
