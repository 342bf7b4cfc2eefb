"""The command line: one command with subcommands, and what it shows on a terminal."""

from glasswells.cli.commands import app as app
from glasswells.cli.commands import main as main
