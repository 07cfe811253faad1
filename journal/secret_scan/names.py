"""Names of files that hold secrets. Pure."""

import re

_FILES = re.compile(
    r"""
    \.env(rc|\..*)? | .*\.env | env\.(prod\w*|dev\w*|stag\w*|local)  # settings of services
    | \.netrc | _netrc | \.pgpass | pgpass\.conf | \.my\.cnf | \.mylogin\.cnf | \.htpasswd  # logins
    | \.npmrc | \.yarnrc(\.yml)? | \.pypirc | \.git-credentials | \.dockercfg
    | \.s3cfg | \.boto | \.vault-token | kaggle\.json | kubeconfig | rclone\.conf
    | id_(rsa|dsa|ecdsa|ed25519)[^/]* | .*\.(pem|key|ppk|p8|p12|pfx|jks|keystore|kdbx|asc|gpg|ovpn|agekey)  # keys
    | .*\.(tfvars(\.json)?|tfstate(\.backup)?)
    | (client[-_]secrets?|service[-_]?account|firebase|gcp|google[-_]key)[^/]*\.json | creds?\.json | auth\.json
    | (rootkey|accesskeys|[^/]*credentials)\.csv | [^/]*vault\.ya?ml
    | \.terraformrc | wallet\.dat | \.(bash|zsh|python|psql|mysql|node_repl)_history
    | [^/]*(secret|credential|password|passwd|api[-_]?key)s?(\.(json|ya?ml|toml|txt|ini|cfg|conf|properties|env))?
    | ([^/]*(api|auth|access|refresh|bearer|bot|hf|hub|gh|my|wandb|git(hub|lab))[-_])?token
        (\.(json|ya?ml|toml|txt|ini|cfg|env))?
    """,
    re.IGNORECASE | re.VERBOSE,
)
_FOLDERS = re.compile(r"(^|/)\.(ssh|aws|azure|gcloud|gnupg|kube|docker|config)/|(^|/)\.?secrets/", re.IGNORECASE)
_BACKUP = re.compile(r"(~|\.(bak|backup|old|orig|save|swp))+$", re.IGNORECASE)
_PLACEHOLDERS = re.compile(r".*[._-](example|sample|template|dist|tmpl)(\.\w+)?", re.IGNORECASE)


def is_secret_path(path: str) -> bool:
    """Whether the name of a file, or of a folder above it, is one under which people keep keys and passwords."""
    name = path.rpartition("/")[2]
    is_named = bool(_FILES.fullmatch(_BACKUP.sub("", name))) and not _PLACEHOLDERS.fullmatch(name)
    return is_named or bool(_FOLDERS.search(path))
