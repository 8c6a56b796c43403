"""`python -m tests.stand_ins.venue [--port N]`: prints its port and serves until it is ended."""

import argparse
import asyncio

from aiohttp import web

from tests.stand_ins.venue.serve import Venue


async def serve(port: int) -> None:
    runner = web.AppRunner(Venue().app(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(serve(parser.parse_args().port))
