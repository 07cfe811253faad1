"""How many primes there are below a number: a segmented sieve. Make it faster; it must stay right."""

from math import isqrt

SEGMENT = 1024  # numbers that are sieved at once
WHEEL = 1  # how many of the first primes are left out of the sieve, and of its numbers [0..3]
REACH = 1.0  # sieve with primes up to this share of the square root [0.25..2]


def count(limit: int) -> int:
    """Primes below `limit`."""
    if limit < 100:
        return len(small(limit - 1))
    root = isqrt(limit - 1)
    found = small(root)
    wheel, rest = found[:WHEEL], [prime for prime in found[WHEEL:] if prime <= root * REACH]
    turn = 1
    for prime in wheel:
        turn *= prime
    kept = [residue for residue in range(turn) if all(residue % prime for prime in wheel)]
    total = len(found)
    for low in range(root + 1, limit, SEGMENT):
        total += sieved(low, min(low + SEGMENT, limit), rest, turn, kept)
    return total


def sieved(low: int, high: int, primes: list[int], turn: int, kept: list[int]) -> int:
    """Numbers in [low, high) that no prime divides, the wheel's included."""
    alive = bytearray(high - low)
    for residue in kept:
        start = (residue - low) % turn
        alive[start::turn] = b"\x01" * len(range(start, high - low, turn))
    for prime in primes:
        start = -low % prime
        alive[start::prime] = bytes(len(range(start, high - low, prime)))
    return sum(alive)


def small(limit: int) -> list[int]:
    """Primes up to `limit`, by the plain sieve."""
    alive = bytearray([1]) * (limit + 1)
    for number in range(2, isqrt(limit) + 1):
        if alive[number]:
            alive[number * number :: number] = bytes(len(range(number * number, limit + 1, number)))
    return [number for number in range(2, limit + 1) if alive[number]]
