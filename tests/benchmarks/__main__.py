"""`make bench`: figures beside a bare baseline in the same run. Prints, judges nothing."""

import asyncio
import sys

from tests.benchmarks import console, day, decisions, models, orders, screen

SECTIONS = {
    "decisions": decisions.run,
    "orders": orders.run,
    "console": console.run,
    "screen": screen.run,
    "day": day.run,
    "models": models.run,
}


def main() -> None:
    wanted = sys.argv[1:] or list(SECTIONS)
    for name in wanted:
        print(f"\n{name}", flush=True)
        for line in asyncio.run(SECTIONS[name]()):
            print(f"  {line}", flush=True)


main()
