"""Put an introduction together from intro.yaml: `intro.md` in the output folder."""

import os
from pathlib import Path

import yaml

OPENING = {
    "question": "What did last night's experiments find?",
    "promise": "Imagine a world in which research simply happens.",
    "scene": "It is evening. You write down what you want to know, start the loop, and go to bed.",
}
PROBLEM = "An experiment takes five minutes and a person looks at it after thirty. At night nobody looks at all."
FEATURES = "The loop proposes one change, trains it, measures it, and keeps it or takes it back."
HEDGES = {
    "none": "",
    "some": "It can perhaps help. ",
    "many": "It may possibly, in some sense, arguably help somewhat. ",
}
EXAMPLES = [
    "One night it tried forty learning rates and kept one.",
    "It noticed that a gain was noise and said so.",
    "After a power cut it went on where it was.",
]
ADJECTIVES = ["", "really", "very", "incredibly"]
CLOSING = {
    "none": "",
    "command": "Type `make run` and look at it in the morning.",
    "slogan": "The future of research is now!",
}


def build(choices: dict[str, object]) -> str:
    """The text that a set of choices makes."""
    strong = " ".join(ADJECTIVES[1 : 1 + int(choices["adjectives"])])
    body = [PROBLEM, FEATURES] if choices["order"] == "problem" else [FEATURES, PROBLEM]
    parts = [
        OPENING[choices["opening"]],
        *body,
        f"{HEDGES[choices['hedges']]}It is {strong} simple.".replace("  ", " "),
    ]
    return "\n\n".join([*parts, *EXAMPLES[: int(choices["examples"])], CLOSING[choices["closing"]]]).strip() + "\n"


if __name__ == "__main__":
    chosen = yaml.safe_load(Path("intro.yaml").read_text(encoding="utf-8"))
    Path(os.environ.get("AR_OUT", "."), "intro.md").write_text(build(chosen), encoding="utf-8")
