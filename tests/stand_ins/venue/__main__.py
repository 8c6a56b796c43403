"""`python -m tests.stand_ins.venue [--port N]`: prints its port and serves until it is ended."""

import argparse
import asyncio

from tests.stand_ins.venue.process import served


async def serve(port: int) -> None:
    async with served(port) as stand_in:
        print(stand_in.url.rpartition(":")[2], flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(serve(parser.parse_args().port))
