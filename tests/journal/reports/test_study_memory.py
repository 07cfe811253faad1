"""What the memory block of a session says of the study's earlier sessions."""

from scripted_session import ScriptedSession

from journal.projections.state import fold
from journal.reports.memory.block import MAX_TOKENS, render, tokens

FILES = {"train.py": "LR = 0.04\nBATCH = 16\nDEPTH = 4\n\n\ndef act(x):\n    return relu(x)\n"}


def edited(files, old, new):
    return {"train.py": files["train.py"].replace(old, new)}


def three_nights():
    """one keeps and fails; two stands on it, on another device; three stands on it too."""
    one = ScriptedSession(FILES, session="one")
    one.kept(1, "raise the rate", edited(FILES, "0.04", "0.05"))
    one.discarded(2, "smaller batch", edited(one.files, "16", "8"), gain=-2.5)
    one.discarded(3, "swap in GeLU", edited(one.files, "relu", "gelu"), gain=-1.5)
    one.crashed(4, "twice the depth", edited(one.files, "DEPTH = 4", "DEPTH = 8"))
    two = ScriptedSession(one.files, session="two", state=one.state, device="cuda:0")
    two.discarded(1, "larger batch", edited(one.files, "16", "32"), gain=-3.5)
    return ScriptedSession(one.files, session="three", state=one.state), [*one.events, *two.events]


def section(text, title):
    return text.partition(f"### {title}")[2].partition("\n\n")[0].splitlines()[1:]


def test_what_earlier_sessions_kept_heads_the_list_of_successes():
    three, _ = three_nights()
    three.kept(1, "swap in SiLU", edited(three.files, "relu", "silu"))

    lines = section(render(three.state, "three"), "Kept, oldest first")

    assert lines == ['- one#1 on one#0 "raise the rate" +4.0σ 1.48', '- 1 "swap in SiLU" 1.48 +4.0σ']


def test_failures_crashes_and_knobs_of_earlier_sessions_name_session_base_and_machine():
    three, _ = three_nights()
    text = render(three.state, "three")

    assert section(text, "Failed ideas of earlier sessions") == [
        '- one#3 on one#1 "swap in GeLU" -1.5σ "not above the threshold"'
    ]
    assert section(text, "Crashes of earlier sessions") == ['- one#4 on one#1 "twice the depth" "no memory"']
    assert section(text, "Knobs in earlier sessions") == [
        "- LR: 0.05:+4.0K@b0/one",
        "- BATCH: 8:-2.5@b1/one 32:-3.5@b0/two*",
        "- DEPTH: 8:x@b1/one",
    ]


def test_control_a_session_of_another_study_shows_none_of_it():
    three, _ = three_nights()
    other = ScriptedSession(FILES, session="other", state=three.state, config={"budget": 7.0})

    assert "earlier sessions" not in render(other.state, "other")


def test_the_block_is_byte_for_byte_the_same_after_a_rebuild():
    three, earlier = three_nights()

    assert render(fold([*earlier, *three.events]), "three") == render(three.state, "three")


def test_with_a_thousand_earlier_failures_the_block_stays_small_and_the_present_session_comes_first():
    one = ScriptedSession(FILES, session="one")
    for number in range(1, 1001):
        one.discarded(number, f"idea {number} of many words", edited(FILES, "relu", f"relu{number}"))
    two = ScriptedSession(FILES, session="two", state=one.state)
    for number in range(1, 41):
        two.discarded(number, f"my own idea {number}", edited(FILES, "relu", f"selu{number}"))

    text = render(two.state, "two")

    assert tokens(text) <= MAX_TOKENS
    assert '"my own idea 40"' in text
    assert "of many words" not in text
