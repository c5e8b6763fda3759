"""The one program, `tenor`."""


def main() -> None:
    from ops.cli.app import run

    run()
