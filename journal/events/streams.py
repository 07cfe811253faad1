"""The names of the streams in which events lie."""


def experiment_stream(session: str, experiment: int) -> str:
    """One stream per experiment, so that an experiment's own history is short and its version guards each step."""
    return f"experiment/{session}/{experiment}"


def session_stream(session: str) -> str:
    return f"session/{session}"


def control_stream(session: str) -> str:
    """People's intents: a stream of their own, so that a loop's expected versions never collide with a person."""
    return f"control/{session}"
