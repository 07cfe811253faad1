"""Asks from inside the sandbox what is in reach, and prints the answers as JSON. ROOT HOME STDLIB PORT SOCKET-NAME."""

import ctypes
import json
import os
import pathlib
import socket
import sys
import sysconfig

P = pathlib.Path


def can(act):
    try:
        act()
    except (OSError, RuntimeError):
        return False
    return True


def reads(path):
    return can(lambda: P(path).read_bytes()) or can(lambda: list(P(path).iterdir()))


def writes(folder):
    return can(lambda: (P(folder) / "probe").write_text("here"))


def connects(family, kind, address):
    with socket.socket(family, kind) as end:
        end.settimeout(1)
        return (
            can(lambda: end.connect(address)) if kind == socket.SOCK_STREAM else can(lambda: end.sendto(b"x", address))
        )


def source_of_the_library():
    return [str(path) for path in P(sysconfig.get_path("stdlib")).glob("*.py")]


root, home, stdlib = sys.argv[1:4]
print(
    json.dumps(
        {
            "repository": reads(root + "/.git") or reads(root + "/data/val"),
            "journal": reads(root + "/.ar/journal.db"),
            "other run": reads(root + "/.ar/runs/other"),
            "home": [path.name for path in P(home).iterdir()] if P(home).is_dir() else [],
            "keys": reads(home + "/.ssh"),
            "input": reads(root + "/data/train/shard"),
            "input written": writes(root + "/data/train"),
            "environment": dict(os.environ),
            "processes": [path.name for path in P("/proc").glob("[0-9]*")],
            "init environment": P("/proc/1/environ").read_text().split(chr(0)),
            "own written": [writes(name) for name in ("/tmp", "/dev/shm", "/var/tmp", root + "/.ar/runs/one/out", ".")],
            "written": [
                name
                for name in ("/", "/etc", "/usr", "/dev", "/proc/sys/kernel", stdlib, *sys.path[1:], root, home)
                if writes(name)
            ],
            "tcp": connects(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", int(sys.argv[4]))),
            "udp": connects(socket.AF_INET, socket.SOCK_DGRAM, ("192.0.2.1", 53)),
            "abstract": connects(socket.AF_UNIX, socket.SOCK_STREAM, chr(0) + sys.argv[5]),
            "namespaces": can(lambda: os.unshare(0x10000000))
            if hasattr(os, "unshare")
            else ctypes.CDLL(None).unshare(0x10000000) == 0,
            "capabilities": P("/proc/self/status").read_text().split("CapEff:")[1].split()[0],
            "sources": source_of_the_library(),
            "docstrings": bool(json.dumps.__doc__ or socket.__doc__),
            "modules": len(
                [__import__(name) for name in ("asyncio", "ssl", "sqlite3", "multiprocessing", "unittest", "numpy")]
            ),
            "terminal": can(lambda: os.open("/dev/tty", os.O_RDWR)),
        }
    )
)
