"""``python -m matching.engine``: the engine on the command line, see `commands`."""

import sys

from matching.engine.commands.line import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
