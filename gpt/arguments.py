"""A command line that refuses in one line: `error: `, what is wrong, where help is; exit code 2."""

import argparse
import sys
from typing import NoReturn


class Arguments(argparse.ArgumentParser):
    """`argparse`'s parser without its usage before every error."""

    def error(self, message: str) -> NoReturn:
        print(f"error: {message} (see `{self.prog} --help`).", file=sys.stderr)
        sys.exit(2)
