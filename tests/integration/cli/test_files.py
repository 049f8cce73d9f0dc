"""`autograph files …`, up to `autograph disk`."""

from __future__ import annotations

from pathlib import Path

from tests.processes import as_json, command


def test_a_file_goes_in_and_comes_out(tmp_path: Path) -> None:
    data, source, target = tmp_path / "data", tmp_path / "table.csv", tmp_path / "copy.csv"
    source.write_bytes(b"a,b\n1,2\n")

    reference = command("files", "upload", str(source), data_dir=data).stdout.strip()
    assert reference.startswith("file://")
    made = as_json(command("files", "show", reference, "--json", data_dir=data))
    assert (made["name"], made["media_type"], made["expires_at"]) == ("table.csv", "text/csv", None)
    listed = as_json(command("files", "list", "--json", data_dir=data))
    assert [one["id"] for one in listed] == [made["id"]]

    done = command("files", "download", reference, "--to", str(target), data_dir=data)
    assert (done.returncode, target.read_bytes()) == (0, source.read_bytes())
    again = command("files", "download", reference, "--to", str(target), data_dir=data)
    assert (again.returncode, "--force" in again.stderr) == (2, True)
    assert command("files", "download", reference, "-o", "-", data_dir=data).stdout == "a,b\n1,2\n"

    report = as_json(command("disk", "--json", data_dir=data))
    assert (report["file_bytes"], report["files"][0]["files"]) == (8, 1)
    assert command("files", "delete", reference, data_dir=data).returncode == 0
    gone = command("files", "show", reference, data_dir=data)
    assert (gone.returncode, "There is no file" in gone.stderr) == (2, True)
    wrong = command("files", "show", "table.csv", data_dir=data)
    assert (wrong.returncode, "autograph files list" in wrong.stderr) == (2, True)
