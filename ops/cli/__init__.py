"""The one program, `tenor`."""


def main() -> None:
    from ops.processes.collecting import collect_seldom

    collect_seldom()
    from ops.cli.app import run

    run()
