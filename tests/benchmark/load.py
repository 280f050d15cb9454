"""A lean HTTP/1.1 client: prepared bytes over kept-alive sockets, as many answers a second as one process can take."""

from __future__ import annotations

import multiprocessing
import os
import selectors
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe


@dataclass
class Measured:
    """What came back: seconds each answer took, and how long all of it lasted."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, percent: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class Load:
    """A process for each core that sends `requests`, round robin, over its share of `connections`, until stopped."""

    def __init__(self, port: int, requests: list[bytes], *, connections: int) -> None:
        self._pipes: list[Pipe] = []
        self._processes = []
        processes = os.cpu_count() or 1
        for number in range(processes):
            ours, theirs = multiprocessing.Pipe()
            share = requests[number::processes] or requests
            sockets = max(1, connections // processes)
            process = multiprocessing.Process(target=_work, args=(theirs, port, share, sockets), daemon=True)
            process.start()
            self._pipes.append(ours)
            self._processes.append(process)

    def mark(self) -> Measured:
        """What was measured since the last mark; the load goes on."""
        return self._ask("mark")

    def stop(self) -> Measured:
        measured = self._ask("stop")
        for process in self._processes:
            process.join()
        return measured

    def _ask(self, word: str) -> Measured:
        for pipe in self._pipes:
            with suppress(BrokenPipeError):  # it has ended, and says why
                pipe.send(word)
        whole = Measured()
        for pipe in self._pipes:
            answer = pipe.recv()
            if isinstance(answer, Exception):
                raise answer
            whole.latencies += answer.latencies
            whole.seconds = max(whole.seconds, answer.seconds)
        return whole


def _work(pipe: Pipe, port: int, requests: list[bytes], sockets: int) -> None:
    try:
        _send_until_told(pipe, port, requests, sockets)
    except Exception as error:
        pipe.send(RuntimeError(f"the load ended: {error!r}"))


def _send_until_told(pipe: Pipe, port: int, requests: list[bytes], sockets: int) -> None:
    selector = selectors.DefaultSelector()
    selector.register(pipe, selectors.EVENT_READ)
    position = 0
    sent: dict[socket.socket, float] = {}

    def send(connection: socket.socket) -> None:
        nonlocal position
        request = requests[position % len(requests)]
        position += 1
        sent[connection] = time.perf_counter()
        connection.sendall(request)

    for _ in range(sockets):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ)
        send(connection)
    measured, begun = Measured(), time.perf_counter()
    while True:
        for key, _ in selector.select():
            if key.fileobj is pipe:
                now = time.perf_counter()
                measured.seconds = now - begun
                word = pipe.recv()
                pipe.send(measured)
                if word == "stop":
                    return
                measured, begun = Measured(), now
                continue
            connection = key.fileobj  # type: ignore[assignment]
            read_answer(connection)
            measured.latencies.append(time.perf_counter() - sent[connection])
            send(connection)


def read_answer(connection: socket.socket) -> bytes:
    """The body.

    Raises: RuntimeError, when it is anything but 200.
    """
    data = connection.recv(65536)
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += _more(connection)
    head = data[:end].lower()
    if not head.startswith(b"http/1.1 200"):
        raise RuntimeError(data.decode(errors="replace"))
    length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
    pieces = [data[end + 4 :]]
    missing = length - len(pieces[0])
    while missing > 0:
        pieces.append(_more(connection))
        missing -= len(pieces[-1])
    return b"".join(pieces)


def _more(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    if not received:
        raise RuntimeError("the server closed a connection")
    return received
