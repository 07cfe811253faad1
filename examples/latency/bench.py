"""Time and rightness of primes.py. The session may not edit this file: it is outside the brief's scope.

Processor time, the least of some tries: the machine may have other work to do.
"""

import time

import primes

LIMIT, TRIES = 1_000_000, 3
KNOWN = {10: 4, 100: 25, 1000: 168, 10_000: 1229, 99_999: 9592, LIMIT: 78_498}  # OEIS A000720


def seconds() -> float:
    before = time.process_time()
    primes.count(LIMIT)
    return time.process_time() - before


def main() -> None:
    right = sum(primes.count(limit) == answer for limit, answer in KNOWN.items())
    print(f"right: {right / len(KNOWN):.3f}")
    print(f"milliseconds: {1000 * min(seconds() for _ in range(TRIES)):.2f}")


if __name__ == "__main__":
    main()
