"""Every test runs apart from the person at this machine: no settings of their git, no journal of theirs, no keys."""

import os

for name in [name for name in os.environ if name.startswith(("GIT_", "AR_", "ANTHROPIC_"))]:
    del os.environ[name]
os.environ["GIT_CONFIG_GLOBAL"] = os.devnull
os.environ["GIT_CONFIG_NOSYSTEM"] = "1"
