"""Git by plumbing: commits, refs, notes, exports. The only importer of GitPython.

The user's checkout, index, hooks, filters and work trees are not involved: `hash-object --no-filters`, `mktree`,
`commit-tree` and `update-ref` write objects under a configuration that runs nothing, and exports read the objects
themselves. Objects and refs are on disk before a caller can name them in an event (`core.fsync=all`, and a sync of the
refs folder).
"""

from loop.workspace.objects import Blob
from loop.workspace.repository import Workspace, branch_name, branch_ref, check_tag, checked_out_message

__all__ = ["Blob", "Workspace", "branch_name", "branch_ref", "check_tag", "checked_out_message"]
