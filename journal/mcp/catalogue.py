"""The tools that `ar-journal mcp` offers, each of which is one command with its arguments. Pure."""

from journal.mcp.tools import JOURNAL, LOOP, Arguments, Parameter, Tool, ToolCommand

MAX_WAIT = 600  # seconds of one call of `wait`


def _options(arguments: Arguments, **names: str) -> tuple[str, ...]:
    """`--name=value` for each argument that is there: a value that begins with a dash is then no option."""
    return tuple(f"--{names[key]}={arguments[key]}" for key in names if key in arguments)


def _words(arguments: Arguments, name: str) -> tuple[str, ...]:
    words = arguments.get(name, [])
    return tuple(map(str, words)) if isinstance(words, list) else (str(words),)


def _journal(command: str, arguments: Arguments, *names: str, json: bool = True, **options: str) -> ToolCommand:
    values = tuple(word for name in names for word in _words(arguments, name))
    flags = ("--json",) if json else ()
    return ToolCommand(program=JOURNAL, options=(command, *flags, *_options(arguments, **options)), values=values)


def _loop(command: str, arguments: Arguments, *names: str, seconds: float = 60.0, **options: str) -> ToolCommand:
    values = tuple(word for name in names for word in _words(arguments, name))
    return ToolCommand(
        program=LOOP, options=(command, "--json", *_options(arguments, **options)), values=values, seconds=seconds
    )


def _check(arguments: Arguments) -> ToolCommand:
    options = ("check", "--json", *_options(arguments, retry_of="retry-of", reason="reason"))
    return ToolCommand(program=LOOP, options=options, values=("-",), stdin=str(arguments["patch"]))


def _run(arguments: Arguments) -> ToolCommand:
    options = ("run", "--detach", "--json", *_options(arguments, experiments="experiments"))
    return ToolCommand(program=LOOP, options=options, seconds=300.0)


def _wait(arguments: Arguments) -> ToolCommand:
    seconds = arguments.get("seconds", 60)
    timed = {"for": arguments.get("until", "end"), "timeout": f"{seconds}s", **arguments}
    options = _options(timed, **{"for": "for", "timeout": "timeout", "after": "after"})
    return ToolCommand(program=LOOP, options=("wait", "--json", *options), seconds=MAX_WAIT + 60.0)


_NUMBER = Parameter(
    name="number", kind=int, description="Number of the experiment; 0 is the baseline.", is_required=True
)
_LIMIT = Parameter(name="limit", kind=int, description="Maximum number of rows.", maximum=1_000)
_WORDS = Parameter(name="words", kind=str, description="Words to look for.")

TOOLS = (
    Tool(
        name="status",
        description="The state of the latest session: best metric, σ, counts, cost, what is in flight, whether a loop runs.",
        command=lambda arguments: _loop("status", arguments),
    ),
    Tool(
        name="sql",
        description=(
            "One read-only SELECT on the journal, or @NAME of a saved query with its values (@kept, @near-misses, @crashes, "
            "@knobs, @refused). Tables: sessions, experiments, runs, ideas, failures, refusals, knobs, frontier, spend; "
            "`SELECT sql FROM sqlite_schema` lists their columns."
        ),
        parameters=(
            Parameter(name="query", kind=str, description="One SELECT, or @NAME of a saved query.", is_required=True),
            Parameter(name="values", kind=list[str], description="The values of the query's parameters, in order."),
            Parameter(name="rows", kind=int, description="Maximum number of rows.", maximum=1_000),
        ),
        command=lambda arguments: _journal("sql", arguments, "query", "values", rows="rows"),
    ),
    Tool(
        name="show",
        description="One experiment: idea, hypothesis, verdict, runs, parents, diff.",
        parameters=(_NUMBER,),
        command=lambda arguments: _journal("show", arguments, "number"),
    ),
    Tool(
        name="diff",
        description="The diff of one experiment.",
        parameters=(_NUMBER,),
        command=lambda arguments: _journal("diff", arguments, "number", json=False),
    ),
    Tool(
        name="failures",
        description="Failed runs and unsuccessful ideas that hold these words; without words, failures by error.",
        parameters=(_WORDS, _LIMIT),
        command=lambda arguments: _journal("failures", arguments, "words", limit="limit"),
    ),
    Tool(
        name="similar",
        description="Experiments like an idea, by its words, or like an experiment, by what its change does.",
        parameters=(
            _WORDS,
            Parameter(
                name="change", kind=int, description="Number of an experiment to compare with, in place of words."
            ),
            _LIMIT,
        ),
        command=lambda arguments: _journal("similar", arguments, "words", change="change", limit="limit"),
    ),
    Tool(
        name="memory",
        description="What the latest session has learned, as its proposer reads it.",
        command=lambda arguments: _journal("memory", arguments, json=False),
    ),
    Tool(
        name="curve",
        description="The training curve of one run: step, seconds, loss, tokens, speed, memory at evenly spaced steps.",
        parameters=(
            _NUMBER,
            Parameter(name="run", kind=int, description="Number of the run; 1 is the first."),
            Parameter(name="points", kind=int, description="Maximum number of points.", maximum=1_000),
        ),
        command=lambda arguments: _journal("curve", arguments, "number", run="run", points="points"),
    ),
    Tool(
        name="check",
        description="Whether the gate would accept a change, and why; it runs and records nothing.",
        parameters=(
            Parameter(name="patch", kind=str, description="A unified diff on the incumbent.", is_required=True),
            Parameter(name="retry_of", kind=int, description="Number of the experiment that this retries."),
            Parameter(name="reason", kind=str, description="Reason of the retry."),
        ),
        command=_check,
    ),
    Tool(
        name="direct",
        description="Tell the next proposals what to know or to try.",
        parameters=(
            Parameter(name="text", kind=str, description="The direction, at most 2,000 characters.", is_required=True),
        ),
        command=lambda arguments: _loop("direct", arguments, "text"),
        steers=True,
    ),
    Tool(
        name="pause",
        description="Pause the loop after the experiment in flight.",
        command=lambda arguments: _loop("pause", arguments),
        steers=True,
    ),
    Tool(
        name="resume",
        description="Resume a paused loop.",
        command=lambda arguments: _loop("resume", arguments),
        steers=True,
    ),
    Tool(
        name="veto",
        description="Remove a kept change from the branch; the gate refuses that change from then on.",
        parameters=(_NUMBER,),
        command=lambda arguments: _loop("veto", arguments, "number"),
        steers=True,
    ),
    Tool(
        name="branch_from",
        description="Make an experiment's commit the incumbent, kept or not.",
        parameters=(_NUMBER,),
        command=lambda arguments: _loop("branch-from", arguments, "number"),
        steers=True,
    ),
    Tool(
        name="run",
        description="Start or continue a session without a terminal; returns session, pid, log and journal once the loop runs.",
        parameters=(Parameter(name="experiments", kind=int, description="Run so many experiments more, then stop."),),
        command=_run,
        steers=True,
    ),
    Tool(
        name="wait",
        description="Wait for a keep, for the end of the loop, or for the verdict of an experiment.",
        parameters=(
            Parameter(name="until", kind=str, description="keep, end (default), or the number of an experiment."),
            Parameter(name="seconds", kind=int, description="Longest wait, 1 to 600 (default 60).", maximum=MAX_WAIT),
            Parameter(name="after", kind=int, description="With keep: count keeps after this position of the journal."),
        ),
        command=_wait,
        steers=True,
    ),
)


def offered(*, steer: bool) -> dict[str, Tool]:
    """The tools by name; those that steer only if the person allows it."""
    return {tool.name: tool for tool in TOOLS if steer or not tool.steers}
