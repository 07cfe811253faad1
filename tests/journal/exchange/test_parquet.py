"""`ar-journal export --format parquet`: a view with the types of its columns."""

import subprocess
import sys

import pytest

EXPORT = "from journal.cli import main; main(['export', *sys.argv[1:], '--format', 'parquet'])"


def export(*words, program=EXPORT):
    return subprocess.run([sys.executable, "-c", f"import sys; {program}", *words], capture_output=True, check=False)


def test_a_view_keeps_its_rows_and_its_types(night_path, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: pip install 'ar-loop[data]'")

    result = export("--view", "experiments", "--journal", str(night_path))

    (tmp_path / "experiments.parquet").write_bytes(result.stdout)
    table = parquet.read_table(tmp_path / "experiments.parquet")
    types = [str(table.schema.field(name).type) for name in ("number", "status", "metric", "peak_memory")]
    assert types == ["int64", "string", "double", "int64"]
    assert table["status"].to_pylist() == ["keep", "keep", "discard", "crash"]
    assert table["metric"].to_pylist() == [1.5, 1.48, 1.479, None]


def test_without_pyarrow_one_sentence_says_what_to_install(night_path):
    result = export("--view", "runs", "--journal", str(night_path), program=f"sys.modules['pyarrow'] = None; {EXPORT}")

    assert (result.returncode, result.stdout) == (2, b"")
    assert result.stderr.decode() == "error: Parquet needs pyarrow: `pip install 'ar-loop[data]'`.\n"
