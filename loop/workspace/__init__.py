"""Git by plumbing: commits, refs, notes, exports. The only importer of GitPython.

No checkout, index, hook, filter or worktree of the user's is involved: objects are written with `hash-object --no-filters`,
`mktree`, `commit-tree` and `update-ref` under a configuration that runs nothing, and files are exported from the objects
themselves. Objects and refs are synced to disk before a caller can name them in an event (`core.fsync=all` and a sync of
the refs folder).
"""

from loop.workspace.objects import Blob
from loop.workspace.repository import Workspace, branch_name, branch_ref, check_tag, in_use

__all__ = ["Blob", "Workspace", "branch_name", "branch_ref", "check_tag", "in_use"]
