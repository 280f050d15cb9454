"""A lean HTTP/1.1 client: dialogues over kept-alive sockets, as many a second as one process can take."""

from __future__ import annotations

import multiprocessing
import os
import selectors
import socket
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from multiprocessing.connection import Connection as Pipe

Dialogue = Generator[bytes, bytes, None]
"""Yields requests as bytes and is sent the body of each answer; with its end something is done, and is counted."""


def saying(request: bytes) -> Callable[[], Dialogue]:
    """The shortest dialogue: one request."""

    def dialogue() -> Dialogue:
        yield request

    return dialogue


@dataclass
class Measured:
    """What came back: seconds that the answers of each dialogue took, how long all of it lasted, and what it cost.

    `cpu` is of the clients: the answers to SRP challenges take as much arithmetic as the questions.
    """

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, percent: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class Load:
    """A process for each core that has `dialogues`, round robin, over its share of `connections`, until stopped."""

    def __init__(self, port: int, dialogues: list[Callable[[], Dialogue]], *, connections: int) -> None:
        self._pipes: list[Pipe] = []
        self._processes = []
        processes = os.cpu_count() or 1
        for number in range(processes):
            ours, theirs = multiprocessing.Pipe()
            share = dialogues[number::processes] or dialogues
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
            whole.cpu += answer.cpu
            whole.seconds = max(whole.seconds, answer.seconds)
        return whole


def _work(pipe: Pipe, port: int, dialogues: list[Callable[[], Dialogue]], sockets: int) -> None:
    try:
        _talk_until_told(pipe, port, cycle(dialogues), sockets)
    except Exception as error:
        pipe.send(RuntimeError(f"the load ended: {error!r}"))


class _Talk:
    """A connection, the dialogue that is going on over it, and the seconds that its answers took."""

    def __init__(self, port: int, dialogues: Iterator[Callable[[], Dialogue]]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._dialogues = dialogues
        self._begin()

    def _begin(self) -> None:
        self._dialogue = next(self._dialogues)()
        self._waited = 0.0
        self._send(next(self._dialogue))

    def _send(self, request: bytes) -> None:
        self._sent = time.perf_counter()
        self.socket.sendall(request)

    def go_on(self, measured: Measured) -> None:
        """Read the answer that has come, and say what is next."""
        answer = read_answer(self.socket)
        self._waited += time.perf_counter() - self._sent
        try:
            request = self._dialogue.send(answer)
        except StopIteration:
            measured.latencies.append(self._waited)
            self._begin()
        else:
            self._send(request)


def _talk_until_told(pipe: Pipe, port: int, dialogues: Iterator[Callable[[], Dialogue]], sockets: int) -> None:
    selector = selectors.DefaultSelector()
    selector.register(pipe, selectors.EVENT_READ)
    for _ in range(sockets):
        talk = _Talk(port, dialogues)
        selector.register(talk.socket, selectors.EVENT_READ, talk)
    measured, begun, spent = Measured(), time.perf_counter(), time.process_time()
    while True:
        for key, _ in selector.select():
            if key.fileobj is not pipe:
                key.data.go_on(measured)
                continue
            now = time.perf_counter()
            measured.seconds, measured.cpu = now - begun, time.process_time() - spent
            word = pipe.recv()
            pipe.send(measured)
            if word == "stop":
                return
            measured, begun, spent = Measured(), now, time.process_time()


def read_answer(connection: socket.socket) -> bytes:
    """The body, or where a redirect leads.

    Raises: RuntimeError, when it is anything but 200 or 302.
    """
    data = connection.recv(65536)
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += _more(connection)
    head = data[:end].lower()
    if not head.startswith((b"http/1.1 200", b"http/1.1 302")):
        raise RuntimeError(data.decode(errors="replace"))
    length = int(_value(head, b"content-length"))
    pieces = [data[end + 4 :]]
    missing = length - len(pieces[0])
    while missing > 0:
        pieces.append(_more(connection))
        missing -= len(pieces[-1])
    return b"".join(pieces) if head.startswith(b"http/1.1 200") else _value(head, b"location")


def _value(head: bytes, name: bytes) -> bytes:
    return head.split(name + b":", 1)[1].split(b"\r\n", 1)[0].strip()


def _more(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    if not received:
        raise RuntimeError("the server closed a connection")
    return received
