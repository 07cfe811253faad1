"""Names of files that hold secrets. Pure."""

import re
from pathlib import PurePosixPath

_FILES = re.compile(
    r"""
    \.env(rc|\..*)? | .*\.env                                                           # settings of services
    | \.netrc | _netrc | \.pgpass | pgpass\.conf | \.my\.cnf | \.mylogin\.cnf | \.htpasswd  # logins
    | \.npmrc | \.yarnrc(\.yml)? | \.pypirc | \.gem/credentials | \.git-credentials | \.dockercfg | \.cargo/credentials(\.toml)?
    | \.s3cfg | \.boto | \.vault-token | kaggle\.json | kubeconfig | rclone\.conf
    | id_(rsa|dsa|ecdsa|ed25519)[^/]* | .*\.(pem|key|ppk|p8|p12|pfx|jks|keystore|kdbx|asc|gpg|ovpn|agekey)  # keys
    | .*\.(tfvars(\.json)?|tfstate(\.backup)?)
    | (client[-_]secrets?|service[-_]?account)[^/]*\.json
    | [^/]*(secret|credential|password|passwd|api[-_]?key)s?(\.(json|ya?ml|toml|txt|ini|cfg|conf|properties|env))?
    | ([^/]*(api|auth|access|refresh|bearer|bot|hf|hub|gh|git(hub|lab))[-_])?token(\.(json|ya?ml|toml|txt|ini|cfg|env))?
    """,
    re.IGNORECASE | re.VERBOSE,
)
_FOLDERS = re.compile(r"(^|/)\.(ssh|aws|azure|gcloud|gnupg|kube|docker|config)/", re.IGNORECASE)
_PLACEHOLDERS = re.compile(r".*[._-](example|sample|template|dist|tmpl)(\.\w+)?", re.IGNORECASE)


def is_secret_path(path: str) -> bool:
    """Whether the name of a file, or of a folder above it, is one under which people keep keys and passwords."""
    plain = PurePosixPath(path)
    names = ("/".join(plain.parts[-2:]), plain.name)
    is_named = any(_FILES.fullmatch(name) for name in names) and not _PLACEHOLDERS.fullmatch(plain.name)
    return is_named or bool(_FOLDERS.search(plain.as_posix()))
