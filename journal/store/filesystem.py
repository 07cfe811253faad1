"""Which file system a path lies on: write-ahead logging needs memory shared by all its processes, so no network."""

from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
NETWORK = frozenset({"afs", "cifs", "fuse.rclone", "fuse.sshfs", "nfs", "nfs4", "smb3", "smbfs"})


def network(path: Path, *, mounts: Path = MOUNTS) -> str | None:
    """The type of the network file system that holds the path; None for a local one, or where nobody can tell."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    here = path.absolute().parent.resolve()
    holding = [(Path(point), kind) for point, kind in map(_mount, lines) if here.is_relative_to(point)]
    kind = max(holding, key=lambda mount: len(mount[0].parts), default=(here, ""))[1]
    return kind if kind in NETWORK else None


def _mount(line: str) -> tuple[str, str]:
    """Mount point and type, from a line of mountinfo (proc(5)): optional fields end at a lone dash."""
    fields = line.split(" ")
    point = fields[4].replace("\\040", " ")
    return point, fields[fields.index("-") + 1]
