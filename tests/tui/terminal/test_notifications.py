"""A bell, a notification and a title, by what the terminal knows."""

import pytest

from tui.terminal.notifications import notification

TITLE = "\x1b]2;nov20 #12 kept\x07"


@pytest.mark.parametrize(
    ("environ", "desktop"),
    [
        ({"TERM": "xterm-256color"}, ""),
        ({"TERM": "xterm-kitty"}, "\x1b]9;nov20 #12 kept\x07"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "\x1b]9;nov20 #12 kept\x07"),
        ({"TERM": "foot"}, "\x1b]777;notify;ar-tui;nov20 #12 kept\x07"),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/tmux"}, ""),
    ],
)
def test_a_terminal_gets_the_notification_that_it_knows(environ, desktop):
    sequence = notification("nov20 #12 kept", environ=environ)

    assert sequence == "\a" + desktop + TITLE


def test_a_text_cannot_end_its_sequence_or_begin_a_command():
    sequence = notification("4;1;\x1b]52;c;AAAA\x07", environ={"TERM": "xterm-kitty"})

    assert sequence == "\a\x1b]9;ar-tui: 4,1,]52,c,AAAA\x07\x1b]2;ar-tui: 4,1,]52,c,AAAA\x07"
