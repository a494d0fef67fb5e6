"""Rules and pins on the command line."""

from pathlib import Path

from tests.api.cli.test_commands import Run, files, run

__all__ = ["files", "run"]


def test_rules_are_shown_tried_and_applied(run: Run, files: Path) -> None:
    run("load", "--config", files / "sources.toml")
    code, shown = run("rules", "show", "customer")
    assert code == 0
    (files / "rules.toml").write_text(shown.replace('by = ["frequent", "trust", "longest"]', 'by = ["longest"]'))
    code, said = run("rules", "try", files / "rules.toml")
    assert code == 0
    assert "0 golden records of 4 would have other values" in said
    assert "Rules of customer, version 1" in run("rules", "apply", files / "rules.toml", "--reason", "names in full")[1]
    assert "in force already" in run("rules", "apply", files / "rules.toml", "--reason", "again")[1]
    assert '[rules.name]\nby = ["longest"]' in run("rules", "show", "customer")[1]
    (files / "rules.toml").write_text('entity = "customer"\n[rules.nam]\nby = ["recent"]\n')
    code, said = run("rules", "try", files / "rules.toml")
    assert code == 2
    assert "there is no field 'nam'" in said
    assert run("rules", "show", "planet")[0] == 2


def test_pins_go_out_of_the_hub_and_into_it_again(run: Run, files: Path) -> None:
    run("load", "--config", files / "sources.toml")
    (files / "pins.csv").write_text(
        "entity,source,key,field,value,reason\ncustomer,crm,1,city,Tours,moved\ncustomer,crm,77,city,Tours,moved\n"
    )
    code, said = run("rule", files / "pins.csv")
    assert code == 0
    assert "1 pins taken over, 0 in force already, 1 left out" in said
    assert "pins.csv:3: city: 'Tours': there is no customer crm:77" in said or "there is no customer crm:77" in said
    assert run("export", "pins", "--out", files / "out.csv")[0] == 0
    assert "customer,crm,1,city,Tours,moved" in (files / "out.csv").read_text().replace('"', "")
    assert "0 pins taken over, 1 in force already, 0 left out" in run("rule", files / "out.csv")[1]
