"""What looks like a secret: names of files, published forms of keys, assigned passwords, random texts. Pure."""

from journal.secret_scan.names import is_secret_path
from journal.secret_scan.scan import REDACTED, Secret, find_secret, redact, redact_data

__all__ = ["REDACTED", "Secret", "find_secret", "is_secret_path", "redact", "redact_data"]
