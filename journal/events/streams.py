"""The names of the streams that events are appended to."""


def experiment_stream(session: str, experiment: int) -> str:
    """One stream per experiment: its history stays short, and its version guards each step."""
    return f"experiment/{session}/{experiment}"


def session_stream(session: str) -> str:
    return f"session/{session}"


def control_stream(session: str) -> str:
    """People's intents: a stream of their own, so that they never conflict with the loop's expected versions."""
    return f"control/{session}"
