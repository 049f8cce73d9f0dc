"""1,000 model calls that stream at once, in one process, against a server of this machine that takes its time.

    python benchmarks/models.py [--calls 1000]

What counts is what we add: how much later than the server sent it a piece of text is there. Every piece carries the
moment at which it was sent. The server is a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from ipaddress import ip_network

PIECES = 20
PAUSE = 0.25
LIMIT_MS = 50.0


async def serve() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for number in range(PIECES):
            await asyncio.sleep(PAUSE * (1 + (number * 7919 + id(writer)) % 100 / 100))
            write(writer, {"delta": {"content": f"{time.monotonic():.6f} "}})
        write(writer, {"delta": {}, "finish_reason": "stop"})
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        writer.close()

    def write(writer: asyncio.StreamWriter, choice: dict[str, object]) -> None:
        data = f"data: {json.dumps({'choices': [choice]})}\n\n".encode()
        writer.write(b"%x\r\n%s\r\n" % (len(data), data))

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def measure(port: int, calls: int) -> list[float]:
    from autograph.blocks.models.shelf import ModelShelf
    from autograph.blocks.sdk import Message, ModelRequest
    from autograph.blocks.sdk.testing import FakeContext
    from autograph.infra.egress.late import LateClient
    from autograph.infra.egress.ports import Rules

    http = LateClient(Rules(inside=(ip_network("127.0.0.0/8"),)))
    shelf = ModelShelf(urls={"openai": f"http://127.0.0.1:{port}/v1"}, keys={"openai": "k"})
    late: list[float] = []

    async def one() -> None:
        ctx = FakeContext(http=http, shelf=shelf)

        def seen(piece: str) -> None:
            if piece.strip():
                late.append((time.monotonic() - float(piece)) * 1e3)

        request = ModelRequest("gpt-4o", [Message.user("Go.")])
        answer = await ctx.models.ask(request, None, on_text=seen)
        assert len(answer.text.split()) == PIECES

    await one()
    late.clear()
    await asyncio.gather(*(one() for _ in range(calls)))
    await http.close()
    return late


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--serve", action="store_true")
    options = parser.parse_args()
    import uvloop

    if options.serve:
        uvloop.run(serve())
        return 0
    server = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE)
    assert server.stdout is not None
    try:
        port = int(server.stdout.readline())
        begun, cpu = time.monotonic(), time.process_time()
        late = sorted(uvloop.run(measure(port, options.calls)))
        seconds, busy = time.monotonic() - begun, time.process_time() - cpu
    finally:
        server.kill()
        server.wait()
    p99 = late[int(len(late) * 0.99)]
    print(
        f"{options.calls} streams at once, {len(late)} pieces: added latency p50 {statistics.median(late):.2f} ms, "
        f"p99 {p99:.2f} ms (limit {LIMIT_MS:g}); {seconds:.1f} s, {busy:.1f} s CPU"
    )
    return 0 if p99 < LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
