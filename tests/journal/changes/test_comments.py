"""What is a comment depends on the language: an edit of one alone is the same program, an edit of code is another one."""

import pytest

from journal.changes.signature import program_hash


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("a.c", "#define N 6\n", "#define N 60\n"),
        ("a.rs", "#[inline]\nfn f() {}\n", "#[inline(always)]\nfn f() {}\n"),
        ("a.md", "# Be brief\n", "# Be long\n"),
        ("a.css", "#a { top: 1px }\n", "#b { top: 1px }\n"),
        ("a.go", "//go:noinline\nfunc f() {}\n", "func f() {}\n"),
        ("a.js", 'f("a  b");\n', 'f("a b");\n'),
        ("a.unheard", "x # 1\n", "x # 2\n"),
        ("run.sh", "#!/bin/sh\nx\n", "#!/bin/bash\nx\n"),
        ("a.yaml", "a:\n  b: 1\n", "a:\nb: 1\n"),
    ],
)
def test_an_edit_of_code_is_another_program(path, before, after):
    assert program_hash({path: before}) != program_hash({path: after})


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("a.c", "int n = 6; // six\n", "int n =  6;\n"),
        ("a.c", "/* one\n two */\nint n;\n", "\nint n;\n"),
        ("a.rs", "// one\nfn f() {}\n", "fn f() {}\n"),
        ("a.yaml", "lr: 0.1  # small\n", "lr: 0.1\n"),
        ("a.toml", "# one\nlr = 0.1\n", "lr  = 0.1\n"),
        ("a.sh", "x # one\n", "x\n"),
        ("a.sql", "select 1 -- one\n", "select 1\n"),
        ("a.lua", "x = 1 -- one\n", "x = 1\n"),
        ("a.unheard", "x  1\n\n", "x 1\n"),
        ("a.js", "f();\r\n", "f();\n"),
    ],
)
def test_control_an_edit_of_comments_and_blanks_is_the_same_program(path, before, after):
    assert program_hash({path: before}) == program_hash({path: after})
