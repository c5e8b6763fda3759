"""`tenor audit verify | replay | show | lineage | certificate | check | seal | export | rotate-key`."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.refusals import Refused
from ops.cli.options import A_RUN, AsJson, opened, settings_of
from ops.cli.output import Output
from ops.ids import run_named

Run = Annotated[str, typer.Argument(help=A_RUN)]
SHOWN = 50


def register(app: typer.Typer) -> None:
    audit = typer.Typer(help="The log proves itself.", no_args_is_help=True)
    for command in (verify, replay, show, lineage, certificate, check, seal, export):
        audit.command()(command)
    audit.command("rotate-key")(rotate_key)
    app.add_typer(audit, name="audit")


def verify(
    context: typer.Context,
    seals: Annotated[Path | None, typer.Option(help="Also against these exported seals.")] = None,
    recount: Annotated[
        bool, typer.Option("--recount", help="Add every run's totals up again from its blocks, vouched for or not.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Hash everything that is stored and compare it with everything that vouches for it."""
    from ops.audit.verification.verify import verify as verify_all

    with opened(context) as tenor:
        report = verify_all(tenor.storage, tenor.sealing, readable(seals) if seals else None, recount=recount)
        keep_in_log(tenor, report, Output(as_json))
    size, sealed = f"{report['bytes'] / 1e6:,.1f} MB", f"{report['sealed_events']:,}"
    lines = [
        f"events       {report['events']:,}, sealed {sealed} by {report['checkpoints']:,} checkpoints",
        f"blocks       {report['blocks']:,}, blobs {report['blobs']:,}, {size} in all",
        f"exported     {report['exported_checkpoints']:,} checkpoints compared",
        f"results      of {report['results_vouched']:,} runs vouched for",
        *not_vouched_lines(report["results_not_vouched"]),
        *(
            f"{one['topic']}: run {one['run_id']} {one['kind']} chunk {one['chunk_no']}"
            + (", within 1e-9" if one["within_tolerance"] else ", OTHER NUMBERS")
            for one in report["recomputed_otherwise"][:SHOWN]
        ),
        *(f"{one['code']}: {one['where']}: {one['message']}" for one in report["problems"][:SHOWN]),
        f"{report['problems_total']:,} problems" if report["problems"] else "nothing is wrong",
    ]
    Output(as_json).show(report, *lines)
    fail_unless(report["ok"])


def not_vouched_lines(run_ids: list[str]) -> list[str]:
    if not run_ids:
        return []
    fix = "`tenor projections rebuild result` records them, `--recount` compares them with their blocks now"
    return [f"             of {len(run_ids):,} published before there were hashes not vouched for: {fix}"]


def replay(
    context: typer.Context,
    run: Run,
    sample: Annotated[int | None, typer.Option(help="This many chunks, always the same ones.", min=1)] = None,
    as_json: AsJson = False,
) -> None:
    """Work a run out again from the log alone and compare it bit by bit."""
    from compute.engine_version import pin_arithmetic
    from ops.processes.kernel_cache import use_numba_cache

    pin_arithmetic()
    use_numba_cache(settings_of(context))
    from ops.audit.replay import replay as replay_run

    with opened(context) as tenor:
        report = replay_run(tenor.storage, run_named(tenor.storage, run), sample)
    lines = [line for one in report["chunks"] for line in lines_of_chunk(one)]
    verdict = "the same" if report["ok"] else "NOT THE SAME"
    Output(as_json).show(report, *lines, f"{report['chunks_replayed']} of {report['chunks_of_run']} chunks: {verdict}")
    fail_unless(report["ok"])


def lines_of_chunk(one: dict[str, Any]) -> list[str]:
    """Its verdict, then what differs, the largest first."""
    from ops.audit.replay_differences import line_of

    head = f"{one['verdict']:<17} chunk {one['chunk_no']} {one['kind']} {one['stored_sha256'][:16]}"
    if one["largest_difference"] is not None:
        head += f" differs by up to {one['largest_difference']:.3g}"
    lines = [head, *(line_of(each) for each in one["differences"])]
    if more := one["values_different"] - len(one["differences"]):
        lines.append(f"  and {more:,} more")
    return lines + ([f"  {one['note']}"] if one["note"] else [])


def show(
    context: typer.Context,
    stream: Annotated[str, typer.Argument(help="The id of a run, snapshot or other stream, or a scenario's name.")],
    as_json: AsJson = False,
) -> None:
    """Every event of a stream, as it is stored."""
    from ops.audit.streams import history

    with opened(context) as tenor:
        events = history(tenor.database.connect, stream)
    Output(as_json).show(events, *event_lines(events))


def event_lines(events: list[dict[str, Any]]) -> list[str]:
    return [
        f"{one['position']:>8}  v{one['version']} {one['topic']:<24} {one['timestamp']}  {one['actor']}"
        for one in events
    ]


def lineage(
    context: typer.Context,
    run: Run,
    position: Annotated[str, typer.Argument(help="A position id.")],
    measure: Annotated[str, typer.Argument(help="PV, DV01_BASE, …")],
    scenario: Annotated[str, typer.Option(help="One of the run's.")] = "BASE",
    as_json: AsJson = False,
) -> None:
    """From a number to everything that it came from, with the proof that the log says so."""
    from ops.audit.lineage.lineage import lineage as trace
    from ops.audit.lineage.lineage import lines_of

    with opened(context) as tenor:
        document = trace(tenor.storage, run_named(tenor.storage, run), position, measure, scenario)
    Output(as_json).show(document, *lines_of(document))


def certificate(
    context: typer.Context,
    run: Run,
    out: Annotated[Path | None, typer.Option(help="A file; stdout by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """A completed run's evidence, signed; the document is JSON with or without --json."""
    from ops.audit.certificate.issue import certify

    with opened(context) as tenor:
        run = run_named(tenor.storage, run)
        document = certify(tenor.sealing, run)
    if out is None:
        sys.stdout.buffer.write(document)
        sys.stdout.buffer.flush()
        return
    write(out, document)
    Output(as_json).show({"run_id": run, "file": str(out), "bytes": len(document)}, f"certificate  {out}")


def check(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A certificate.")],
    key: Annotated[str | None, typer.Option(help="The log's first key, as you know it: id or verifier key.")] = None,
    any_log: Annotated[
        bool, typer.Option("--any-log", help="Also of a log that is not known here: whose it is, is not checked.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check a certificate offline: no database is asked."""
    from ops.audit.certificate.issue import check as check_file

    content = readable(file).read_bytes()
    report = check_file(content, settings_of(context), key, any_log=any_log).document()
    known = "known here" if report["key_known"] else "not known here: compare it with what you were given (--key)"
    lines = [f"{name:<11}{report[name]}" for name in ("run_id", "status", "log", "issued_at", "signed_by")]
    lines.append(f"first key  {report['first_key']} ({known})")
    lines = [*(lines if report["run_id"] else []), *report["problems"]]
    Output(as_json).show(report, *lines, "the certificate holds" if report["ok"] else "the certificate does NOT hold")
    fail_unless(report["ok"])


def seal(context: typer.Context, as_json: AsJson = False) -> None:
    """Seal the log now; `tenor up` does so each minute and when a run completes."""
    from ops.audit.sealing.sealer import seal as seal_now

    with opened(context) as tenor:
        count = seal_now(tenor.sealing)
    Output(as_json).show({"sealed_events": count}, f"sealed {count:,} events")


def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="New, or an earlier export, which grows.")],
    as_json: AsJson = False,
) -> None:
    """The signed checkpoints in a file to keep elsewhere; `audit verify --seals FILE` compares."""
    from ops.audit.sealing.sealer import export_to

    with opened(context) as tenor:
        count = export_to(tenor.sealing, file)
    Output(as_json).show({"file": str(file), "checkpoints": count}, f"{count:,} checkpoints added to {file}")


def rotate_key(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="Why; kept in the log.")] = "",
    as_json: AsJson = False,
) -> None:
    """Seal with a new key from now on; the old one endorses it."""
    from ops.audit.sealing.keys import rotate

    with opened(context) as tenor:
        rotated = rotate(tenor.sealing, reason)
    document: dict[str, Any] = {"key_id": rotated.key_id, "previous_key_id": rotated.previous_key_id}
    Output(as_json).show(document, f"key        {rotated.key_id}", f"endorsed by {rotated.previous_key_id}")


def keep_in_log(tenor: Any, report: dict[str, Any], output: Output) -> None:
    """A replica, or a disk that is full, can be verified too: what was found is said all the same."""
    from eventsourcing.persistence import PersistenceError

    from domain.ports import AlreadyThere
    from ops.audit.verification.record import record

    try:
        record(tenor.store, tenor.envelope, report)
    except (PersistenceError, AlreadyThere) as error:
        output.note(f"the result was not kept in the log: {error}")


def readable(file: Path) -> Path:
    try:
        with file.open("rb"):
            return file
    except OSError as error:
        raise Refused("UNREADABLE_FILE", f"cannot read {file}: {error.strerror}", "check the path") from error


def write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise Refused("UNWRITABLE_FILE", f"cannot write {file}: {error.strerror}", "choose another path") from error


def fail_unless(ok: bool) -> None:
    if not ok:
        raise SystemExit(1)
