"""Downloads, against a server with the hub's addresses and its faults."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from io import StringIO

import pytest
from hub_server import Fault, serving
from hypothesis import given, settings
from hypothesis import strategies as st

from gpt.bar import Bar
from gpt.data import DataError
from gpt.hub import ATTEMPTS, LONGEST, Hub, Remote

NAME = "shard_00000.parquet"
CONTENT = random.Random(7).randbytes(300_000)
CUT = Fault(cut=100_000)
BROKEN = Fault(status=500)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture(scope="module")
def server():
    with serving({NAME: CONTENT}) as hub:
        yield hub


@pytest.fixture
def place(tmp_path):
    return tmp_path / "cache" / NAME


class Downloads:
    """A client of the server that waits for nothing and remembers how long it would have."""

    def __init__(self, server, *faults, **settings):
        server.asked.clear()
        server.faults.clear()
        server.faults.extend(faults)
        self.waits = []
        self.hub = Hub(endpoint=server.url, pause=self.waits.append, **settings)

    def fetch(self, to):
        (remote,) = self.hub.files("karpathy/climbmix-400b-shuffle", [NAME])
        return self.hub.fetch(remote, to)


def test_a_file_comes_by_way_of_the_redirection_and_leaves_nothing_beside_it(server, place):
    downloads = Downloads(server)

    path = downloads.fetch(place)

    assert path.read_bytes() == CONTENT
    assert [found.name for found in place.parent.iterdir()] == [NAME]
    assert [path for path, _, _ in server.asked] == [
        "/api/datasets/karpathy/climbmix-400b-shuffle/paths-info/main",
        f"/datasets/karpathy/climbmix-400b-shuffle/resolve/main/{NAME}",
        f"/store/{NAME}",
    ]


def test_a_stream_that_breaks_off_goes_on_where_it_broke(server, place):
    downloads = Downloads(server, CUT, CUT)

    path = downloads.fetch(place)

    assert path.read_bytes() == CONTENT
    assert server.ranges() == [None, "bytes=100000-", "bytes=200000-"]
    assert downloads.waits == [1, 1]  # each came forward


def test_what_an_earlier_call_received_is_not_asked_for_again(server, place):
    with pytest.raises(DataError, match="call once more to go on"):
        Downloads(server, CUT, *[BROKEN] * ATTEMPTS).fetch(place)

    Downloads(server).fetch(place)

    assert place.read_bytes() == CONTENT
    assert server.ranges() == ["bytes=100000-"]


def test_a_file_that_is_there_is_not_asked_for(server, place):
    Downloads(server).fetch(place)

    Downloads(server).fetch(place)

    assert server.ranges() == []


def test_several_that_want_a_file_at_once_ask_for_it_once(server, place):
    downloads = Downloads(server)

    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: downloads.fetch(place), range(4)))

    assert [path.read_bytes() for path in paths] == [CONTENT] * 4
    assert server.ranges() == [None]
    assert [found.name for found in place.parent.iterdir()] == [NAME]


def in_an_hour():
    return format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)


@pytest.mark.parametrize(
    ("said", "waited"),
    [("7", 7), ("86400", LONGEST), pytest.param(in_an_hour(), LONGEST, id="a date"), ("soon", 1), ("0", 0)],
)
def test_a_server_that_is_asked_too_often_says_how_long_to_wait(server, place, said, waited):
    downloads = Downloads(server, Fault(status=429, headers=(("Retry-After", said),)))

    downloads.fetch(place)

    assert downloads.waits == [waited]
    assert place.read_bytes() == CONTENT


def test_errors_of_the_server_are_waited_for_ever_longer_and_told(server, place):
    said = []
    downloads = Downloads(server, BROKEN, Fault(status=503), BROKEN, says=said.append)

    downloads.fetch(place)

    assert downloads.waits == [1, 2, 4]
    assert said[1] == "the server answers 503 Service Unavailable; again in 2 s"


def test_a_file_of_another_hash_is_asked_for_once_more(server, place):
    Downloads(server, Fault(corrupt=True)).fetch(place)

    assert place.read_bytes() == CONTENT
    assert server.ranges() == [None, None]


def test_a_file_that_stays_of_another_hash_is_refused_and_not_kept(server, place):
    with pytest.raises(DataError, match="SHA-256"):
        Downloads(server, Fault(corrupt=True), Fault(corrupt=True)).fetch(place)

    assert list(place.parent.iterdir()) == []


def test_the_hash_in_the_redirection_is_enough(server, place):
    downloads = Downloads(server, Fault(corrupt=True), Fault(corrupt=True))

    with pytest.raises(DataError, match="SHA-256"):
        downloads.hub.fetch(Remote(f"{server.url}/datasets/a/b/resolve/main/{NAME}", NAME), place)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(page=True), "sends a page, not a file"),
        (Fault(status=401), "set HF_TOKEN"),
        (Fault(status=403), "accept the dataset's terms"),
        (Fault(status=404), "there is no such file"),
        (Fault(status=451), "answers 451"),
    ],
)
def test_what_cannot_get_better_is_said_at_once(server, place, fault, words):
    downloads = Downloads(server, fault)

    with pytest.raises(DataError, match=words):
        downloads.fetch(place)

    assert downloads.waits == []
    assert not place.exists()


@pytest.mark.parametrize(
    ("fault", "asked"),
    [(Fault(deaf=True), [None, "bytes=100000-"]), (Fault(shifted=True), [None, "bytes=100000-", None])],
)
def test_a_server_that_is_deaf_to_ranges_costs_time_and_no_bytes(server, place, fault, asked):
    Downloads(server, CUT, fault).fetch(place)

    assert place.read_bytes() == CONTENT
    assert server.ranges() == asked


def test_without_a_network_nothing_is_waited_for(server, place):
    downloads = Downloads(server)
    downloads.hub.endpoint = "http://127.0.0.1:9"

    with pytest.raises(DataError, match=r"127\.0\.0\.1:9 cannot be reached .*of your own"):
        downloads.fetch(place)

    assert downloads.waits == []


def test_a_token_is_shown_to_the_hub_and_to_nobody_it_points_at(server, place):
    Downloads(server, token="hf_secret").fetch(place)

    assert [shown for _, _, shown in server.asked] == ["Bearer hf_secret", "Bearer hf_secret", None]


def test_a_dataset_without_the_file_is_named(server):
    with pytest.raises(DataError, match=r"roneneldan/TinyStories has no file stories\.txt"):
        Downloads(server).hub.files("roneneldan/TinyStories", ["stories.txt"])


class Stranger(Hub):
    """Something else that answers with JSON."""

    def _json(self, url, question):
        return json.loads(self.token)


@pytest.mark.parametrize(
    "answer", ["{}", "[]", "[1]", '{"error": "x"}', '[{"type": "file", "path": "x", "size": null}]']
)
def test_an_endpoint_that_is_not_the_hub_is_said_to_be_none(answer):
    with pytest.raises(DataError, match=r"is HF_ENDPOINT right|has no file x"):
        Stranger(endpoint="http://127.0.0.1:9", token=answer).files("a/b", ["x"])


def test_how_far_a_file_has_come_is_told(server, place):
    told = []

    Downloads(server, CUT, told=lambda *news: told.append(news)).fetch(place)

    assert told[-1] == (NAME, 300_000, 300_000)
    assert (NAME, 100_000, 300_000) in told


faults = st.builds(Fault, cut=st.none() | st.integers(0, 400_000), deaf=st.booleans(), shifted=st.booleans())


@settings(max_examples=40)
@given(st.lists(faults | st.just(BROKEN) | st.just(Fault(status=429)), max_size=ATTEMPTS - 1))
def test_whatever_goes_wrong_a_file_that_comes_is_whole(server, tmp_path_factory, some):
    place = tmp_path_factory.mktemp("fetched") / NAME

    path = Downloads(server, *some).fetch(place)

    assert path.read_bytes() == CONTENT


class Screen(StringIO):
    def isatty(self):
        return True


def test_a_terminal_shows_how_far_a_file_has_come_and_a_file_of_output_only_its_end():
    screen, log = Screen(), StringIO()

    [Bar(stream)(NAME, here, 200_000_000) for stream in (screen, log) for here in (50_000_000, 200_000_000)]

    assert f"\r{NAME}  [######..................]  25 %  50.0 MB of 200.0 MB" in screen.getvalue()
    assert screen.getvalue().endswith(f"\r{NAME}: 200.0 MB\x1b[K\n")
    assert log.getvalue() == f"{NAME}: 200.0 MB\n"
