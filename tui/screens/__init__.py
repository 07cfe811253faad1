"""One file per screen: (scene) -> cells. Pure."""
