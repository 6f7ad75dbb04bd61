"""How gunicorn serves the portal, in the demo and in production:

    gunicorn -c topcentrum/gunicorn.py topcentrum.wsgi

Each thread keeps its own connection to the database (DATABASE_KEEP_CONNECTIONS).
"""

import os
from pathlib import Path

bind = os.environ.get("WEB_BIND", f"0.0.0.0:{os.environ.get('PORT', '8000')}").split(",")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 4
preload_app = True  # one import for all workers; connections are made after the fork
timeout = 30
graceful_timeout = 4  # the runner's patience is 5 seconds
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000
accesslog = "-"
access_log_format = '%(h)s "%(r)s" %(s)s %(b)s %(M)s ms'
errorlog = "-"
control_socket_disable = True
# The heartbeat file must lie in memory: a slow disk would look like a hanging worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
