"""Everything that has to run around the portal: PostgreSQL, Valkey, a mail catcher, and the runner
that starts and ends them together with web, worker and beat. See `python -m topcentrum.services`.
"""
