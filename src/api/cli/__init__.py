"""The command line: `mdm COMMAND`, or `./run COMMAND` in a checkout."""

import sys
from typing import Annotated

import typer
from rich.console import Console

from api.cli import asking, backtesting, dunning, forecasting, leaks, looking, quality, reviewing, rules, serving, starting, working
from api.logs import configure
from mdm.errors import HubError

app = typer.Typer(
    name="mdm",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="A master data hub: CRM and billing reconciled into golden records, and what they let you see ahead.",
)


@app.callback()
def common(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say what happens behind the scenes, on standard error.")] = False,
) -> None:
    """Options of every command."""
    configure(verbose=verbose)


for command in (
    starting.init, starting.demo, working.load, working.match, working.rebuild, working.rule, looking.status, looking.verify, looking.report, looking.explain,
    looking.export, forecasting.deals, asking.simulate, asking.negotiate, backtesting.backtest, reviewing.tasks, reviewing.review, quality.quality, serving.serve,
    serving.worker, serving.key,
):  # fmt: skip
    app.command(name=command.__name__)(command)
app.add_typer(rules.app, name="rules")
app.add_typer(dunning.app, name="dunning")
app.add_typer(leaks.app, name="leaks")


def main() -> None:
    """Run a command; an error that people can do something about is one paragraph, not a traceback."""
    try:
        app()
    except HubError as error:
        Console(stderr=True, soft_wrap=True).print(f"mdm: {error}", style="bold red", markup=False, highlight=False)
        sys.exit(2 if error.status == 422 else 1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
