"""`autograph prune` and `autograph disk`, and what one's runs keep over HTTP."""

from __future__ import annotations

from pathlib import Path

from tests.processes import as_json, command, up

AGENT = Path(__file__).parents[3] / "examples" / "agents" / "word-report.json"


def test_what_is_kept_is_told_and_pruned(tmp_path: Path) -> None:
    with up(tmp_path) as served:
        pushed = as_json(command("graphs", "push", str(AGENT), "--json", data_dir=tmp_path))
        run = served.execute(pushed["id"], wait=20, text="Hello out there.")
        assert run["status"] == "completed"

        report = as_json(command("disk", "--json", data_dir=tmp_path))
        assert [one["id"] for one in report["runs"]] == [run["id"]]
        assert "The database takes" in command("disk", data_dir=tmp_path).stdout
        usage = served.http.get("/api/v1/storage").json()
        assert (usage["runs"], usage["max_bytes"]) == (1, None)
        assert usage["stored_bytes"] == report["runs"][0]["stored_bytes"] > 0

        young = command("prune", "--older-than", "1d", "--yes", data_dir=tmp_path)
        assert young.stdout.strip() == "No run ended more than 1d ago."
        plan = as_json(
            command("prune", "--older-than", "0h", "--dry-run", "--json", data_dir=tmp_path)
        )
        assert (plan["runs"], plan["dry_run"]) == (1, True)
        assert served.http.get(f"/api/v1/runs/{run['id']}").status_code == 200
        assert (
            command("prune", "--older-than", "0h", data_dir=tmp_path, stdin="n\n").returncode == 1
        )
        done = command("prune", "--older-than", "0h", "--yes", data_dir=tmp_path)
        assert done.stdout.startswith("Deleted 1 run,")
        assert served.http.get(f"/api/v1/runs/{run['id']}").status_code == 404

    wrong = command("prune", "--older-than", "soon", data_dir=tmp_path)
    assert (wrong.returncode, "12h, 30d or 8w" in wrong.stderr) == (2, True)
