"""What the unavoidable part of a request costs: hashing, signing, SRP's arithmetic, in CPU time, measured apart."""

from __future__ import annotations

import multiprocessing
import secrets
import time
from collections.abc import Callable

from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from gmpy2 import mpz, powmod_sec

from pools.accounts import srp

PAYLOAD = b"x" * 600
"""As long as the claims of an ID token are."""


def argon2id(memory_kib: int, passes: int, *, at_once: int) -> float:
    """CPU seconds of one verification while `at_once` processes verify, as busy web workers do."""
    with multiprocessing.Pool(at_once) as pool:
        return sum(pool.starmap(_argon2id, [(memory_kib, passes)] * at_once)) / at_once


def _argon2id(memory_kib: int, passes: int) -> float:
    hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
    stored = hasher.hash("Correct-Horse-1")
    return _cpu_seconds(lambda: hasher.verify(stored, "Correct-Horse-1"))


def rsa_signature(*, at_once: int) -> float:
    """CPU seconds of one RSA-2048 signature (PKCS #1 v1.5, SHA-256)."""
    with multiprocessing.Pool(at_once) as pool:
        return sum(pool.map(_rsa_signature, range(at_once))) / at_once


def _rsa_signature(_: int) -> float:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return _cpu_seconds(lambda: key.sign(PAYLOAD, padding.PKCS1v15(), SHA256()))


def exponentiation(*, at_once: int) -> float:
    """CPU seconds of one modular exponentiation in SRP's group, of an exponent of 256 bits, in constant time."""
    with multiprocessing.Pool(at_once) as pool:
        return sum(pool.map(_exponentiation, range(at_once))) / at_once


def _exponentiation(_: int) -> float:
    base, exponent = mpz(secrets.randbelow(int(srp.N))), mpz(secrets.randbits(256) | 1 << 255)
    return _cpu_seconds(lambda: powmod_sec(base, exponent, srp.N))


def srp_exchange(*, at_once: int) -> float:
    """CPU seconds of what our own server computes for one SRP sign-in: its public key, and the key of the session."""
    with multiprocessing.Pool(at_once) as pool:
        return sum(pool.map(_srp_exchange, range(at_once))) / at_once


def _srp_exchange(_: int) -> float:
    verifier = srp.Verifier.of("us-east-1_benchmark", "somebody", "Correct-Horse-1")
    client, secret = mpz(secrets.randbelow(int(srp.N))), srp.new_secret()

    def exchange() -> None:
        srp.session_key(verifier, secret, client, srp.server_key(verifier, secret))

    return _cpu_seconds(exchange)


def _cpu_seconds(work: Callable[[], object], during_seconds: float = 2.0) -> float:
    work()
    times = 0
    until = time.perf_counter() + during_seconds
    begun = time.process_time()
    while time.perf_counter() < until:
        work()
        times += 1
    return (time.process_time() - begun) / times
