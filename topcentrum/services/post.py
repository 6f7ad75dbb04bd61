"""The demo's mail catcher: takes every letter and puts it in a Maildir, sends nothing on.

Run as `python -m topcentrum.services.post --port 2525 --folder .data/demo/post`.
"""

import argparse
import asyncio
import signal
from pathlib import Path

from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import SMTP

LARGEST_LETTER = 10 * 2**20


async def catch(port: int, folder: Path) -> None:
    """Take letters until asked to stop."""
    mailbox = Mailbox(folder)
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    server = await loop.create_server(
        lambda: SMTP(mailbox, enable_SMTPUTF8=True, data_size_limit=LARGEST_LETTER),
        host="localhost",
        port=port,
    )
    print(f"Catching mail on port {port}", flush=True)
    await asked.wait()
    server.close()


def main() -> None:
    """Read the command line and catch mail."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    options.folder.parent.mkdir(parents=True, exist_ok=True)
    asyncio.run(catch(options.port, options.folder))


if __name__ == "__main__":
    main()
