"""Which arguments a tool takes, and which command they become."""

import pytest

from journal.mcp.catalogue import TOOLS, offered
from journal.mcp.tools import BadArguments, checked, schema

READING = {"status", "sql", "show", "diff", "failures", "similar", "memory", "curve", "check"}
STEERING = {"direct", "pause", "resume", "veto", "branch_from", "run", "wait"}


def test_tools_that_steer_are_offered_only_if_the_person_allows_it():
    assert set(offered(steer=False)) == READING
    assert set(offered(steer=True)) == READING | STEERING


@pytest.mark.parametrize(
    ("name", "arguments", "options", "values"),
    [
        ("sql", {"query": "--rows=1", "rows": 5}, ("sql", "--json", "--rows=5"), ("--rows=1",)),
        ("sql", {"query": "@knob", "values": ["--x", "y"]}, ("sql", "--json"), ("@knob", "--x", "y")),
        ("diff", {"number": 3}, ("diff",), ("3",)),
        ("similar", {"change": 2}, ("similar", "--json", "--change=2"), ()),
        ("direct", {"text": "--help"}, ("direct", "--json"), ("--help",)),
        ("run", {"experiments": 2}, ("run", "--detach", "--json", "--experiments=2"), ()),
        ("wait", {}, ("wait", "--json", "--for=end", "--timeout=60s"), ()),
        ("wait", {"until": "keep", "seconds": 5, "after": 9}, ("wait", "--json", "--for=keep", "--timeout=5s", "--after=9"), ()),
    ],
)  # fmt: skip
def test_a_call_is_one_command_in_which_no_value_is_an_option(name, arguments, options, values):
    tool = offered(steer=True)[name]

    command = tool.command(checked(tool, arguments))

    assert (command.options, command.values) == (options, values)


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("sql", {}, "sql needs the argument query"),
        ("sql", {"query": 3}, "The argument query of sql is not as its schema says"),
        ("sql", {"query": "a\0b"}, "The argument query of sql is not as its schema says"),
        ("sql", {"query": "x", "values": [1]}, "The argument values of sql is not as its schema says"),
        ("show", {"number": -1}, "The argument number of show is not as its schema says"),
        ("show", {"number": True}, "The argument number of show is not as its schema says"),
        ("show", {"number": 10**30}, "The argument number of show is not as its schema says"),
        ("wait", {"seconds": 601}, "The argument seconds of wait is not as its schema says"),
        ("check", {"patch": "x" * 200_001}, "The argument patch of check is not as its schema says"),
        ("status", {"journal": "/etc/passwd"}, "status has no argument 'journal': it takes none."),
    ],
)
def test_arguments_that_do_not_fit_are_one_sentence(name, arguments, sentence):
    with pytest.raises(BadArguments, match=sentence):
        checked(offered(steer=True)[name], arguments)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_a_schema_names_each_argument_and_allows_no_other(tool):
    described = schema(tool)

    assert set(described["properties"]) == {one.name for one in tool.parameters}
    assert described["additionalProperties"] is False
