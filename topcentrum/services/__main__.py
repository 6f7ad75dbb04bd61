"""The command line of the services: `demo` for looking around, `run` for one command."""

import argparse
import os
import secrets
import signal
import sys
import threading
import time
from pathlib import Path

from topcentrum.services.console import RefusalError
from topcentrum.services.runner import AskedToEndError, Program
from topcentrum.services.servers import borrowed


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, do it, say in plain words what was wrong."""
    options = _parser().parse_args(arguments)
    if os.name != "posix":
        print("This needs Linux or macOS (on Windows: WSL).", file=sys.stderr)
        return 1
    if options.watch_parent:
        _end_with_parent()
    try:
        return int(options.act(options))
    except RefusalError as problem:
        print(f"\n{problem}\n", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, AskedToEndError):
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m topcentrum.services", description=__doc__)
    parser.add_argument(
        "--watch-parent", action="store_true", help="end when the calling process is gone"
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    demo = commands.add_parser("demo", help="the whole portal with an invented region")
    demo.add_argument("--port", type=_port, default=8000)
    demo.add_argument("--data", type=Path, default=Path(".data/demo"), help="folder that is kept")
    demo.add_argument(
        "--host",
        default="localhost",
        help="where to listen; whoever reaches it can enter as anybody (default: localhost)",
    )
    demo.set_defaults(act=_demo)

    run = commands.add_parser("run", help="one command, with PostgreSQL and Valkey around it")
    run.add_argument("--data", type=Path, help="folder to keep (default: throw away)")
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- command …")
    run.set_defaults(act=_run)
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number, such as 8123")
    return int(text)


def _demo(options: argparse.Namespace) -> int:
    from topcentrum.services.demo import Demo

    return Demo(options.data, port=options.port, host=options.host).run()


def _run(options: argparse.Namespace) -> int:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise RefusalError(
            "Say which command:  python -m topcentrum.services run -- python manage.py …"
        )
    # For a portal that is thrown away afterwards, any key will do.
    os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(50))
    with borrowed(options.data, obey_signals=True) as runner:
        # Ctrl-C at the terminal reaches the command too, and it decides what that means.
        signal.signal(signal.SIGINT, lambda *_: None)
        running = runner.start(Program("command", tuple(command)), stays=False, foreground=True)
        runner.wait(running.ended, seconds=float("inf"), what="")
        return int(running.process.returncode)


def _end_with_parent() -> None:
    """`make` can be killed too; then nobody would tell us."""
    parent = os.getppid()

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=look, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
