"""System calls that a sandboxed process is denied, as compiled filters beside this file: one per processor architecture.

`python -m loop.runs.sandbox.seccomp` compiles them anew with libseccomp (`pip install pyseccomp`, and the system's
`libseccomp2`); a run needs neither, because bubblewrap takes the compiled filter (seccomp(2), `bwrap --seccomp`).

Denied are calls whose objects are shared beyond the sandbox's namespaces (keyrings, and AF_VSOCK, which reaches the host of a
virtual machine), calls that widen what the kernel can be attacked by (io_uring, userfaultfd, bpf, perf), and calls for whoever
administers a machine (mounts, namespaces, modules, kexec). A denied call fails with EPERM. CUDA, torch.compile and
multiprocessing need none of them. `clone3` fails with ENOSYS: the C library then uses `clone`, whose flags a filter can read.
"""

import errno
import platform
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
ARCHITECTURES = ("x86_64", "aarch64")
DENIED = (
    *("add_key", "keyctl", "request_key"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register"),
    *("ptrace", "userfaultfd", "bpf", "perf_event_open", "kcmp", "lookup_dcookie"),
    *("mount", "umount2", "pivot_root", "chroot", "swapon", "swapoff", "quotactl"),
    *("open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr"),
    *("setns", "unshare", "open_by_handle_at", "name_to_handle_at"),
    *("init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot"),
    *("acct", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex"),
    *("sethostname", "setdomainname", "syslog", "vhangup", "fanotify_init", "nfsservctl", "iopl", "ioperm"),
)
AF_VSOCK = 40  # linux/socket.h
CLONE_NEW = 0x7E020000  # every CLONE_NEW… flag that clone takes (linux/sched.h)
UNKNOWN = -1  # what libseccomp answers for a name that it does not know (__NR_SCMP_ERROR)


def filter_file(machine: str | None = None) -> Path | None:
    """The compiled filter for an architecture, this one's by default; None if there is none."""
    path = FOLDER / f"seccomp_{machine or platform.machine()}.bpf"
    return path if path.is_file() else None


def compile_filter(machine: str, path: Path) -> None:
    """Write the filter of an architecture. Needs pyseccomp, which no run needs."""
    import pyseccomp as library  # noqa: PLC0415

    rules = library.SyscallFilter(library.ALLOW)
    own, wanted = library.system_arch(), getattr(library.Arch, machine.upper())
    if wanted != own:
        rules.add_arch(wanted)
        rules.remove_arch(own)
    rules.set_attr(library.Attr.ACT_BADARCH, library.ERRNO(errno.ENOSYS))
    for name in (name for name in DENIED if library.resolve_syscall(wanted, name) != UNKNOWN):
        rules.add_rule(library.ERRNO(errno.EPERM), name)
    rules.add_rule(library.ERRNO(errno.ENOSYS), "clone3")
    for flag in (1 << bit for bit in range(32) if CLONE_NEW >> bit & 1):
        rules.add_rule(library.ERRNO(errno.EPERM), "clone", library.Arg(0, library.MASKED_EQ, flag, flag))
    rules.add_rule(library.ERRNO(errno.EAFNOSUPPORT), "socket", library.Arg(0, library.EQ, AF_VSOCK))
    with path.open("wb") as file:
        rules.export_bpf(file)


def main() -> int:
    for machine in ARCHITECTURES:
        compile_filter(machine, FOLDER / f"seccomp_{machine}.bpf")
    return 0


if __name__ == "__main__":
    sys.exit(main())
