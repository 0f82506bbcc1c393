"""What an edit of dead letters did, or would do: for people, and line by line for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from rich.console import Console
from rich.text import Text

from schemas import Finding
from worker.cli.labelled import labelled
from worker.cli.terminal import cell, counted, plain_table, print_json, printable
from worker.letters.repair import Edit, Outcome, Repair
from worker.letters.tally import MEANWHILE, Tally

CHANGES_SHOWN: Final = 12
"""So many changes of one letter are shown; --json has them all."""

KINDS_SHOWN: Final = 8
GONE: Final = Finding("", "is not there: replayed or purged, or never a dead letter")

_VALUE_CHARS: Final = 32


@dataclass(slots=True)
class Report(Tally):
    """The repairs of a run, added up and printed.

    Attributes:
        prints: whether each is printed as a JSON object.
    """

    prints: bool = False

    def add(self, repair: Repair, *, changed_meanwhile: bool = False) -> None:
        """Count one repair, and print it if that is wanted."""
        Tally.add(self, repair, changed_meanwhile=changed_meanwhile)
        if self.prints:
            outcome = Outcome.REFUSED if changed_meanwhile else repair.outcome
            problems = (MEANWHILE,) if changed_meanwhile else repair.problems
            print_json(_as_dict(repair.old.id, outcome, repair, problems))

    def show_plan(self, out: Console) -> None:
        """Show the changes of some letters, and how many letters have which problem."""
        for repair in self.edited:
            out.print(_heading(repair))
            out.print(_change_table(repair))
        more = self.counts[Outcome.EDITED] - len(self.edited)
        if more > 0:
            out.print(f"… and {counted(more, 'letter')} more; --dry-run --json shows all changes.")
        if self.refused > len(self.left):
            _print_kinds(out, "Refused, and left unchanged:", self.problems)
        else:
            _print_left(out, self.left)
        _print_kinds(out, "Allowed, but worth a look:", self.remarks)

    def question(self, edit: Edit) -> str:
        """Return the question for the operator."""
        edited = self.counts[Outcome.EDITED]
        rest = self.total - edited
        left = f" ({rest:,} of the {self.total:,} chosen stay as they are)" if rest else ""
        if not edit.new_identity:
            return f"Edit {counted(edited, 'dead letter')}{left}?"
        return (
            f"Make {counted(edited, 'dead letter')}{left} other conversions to TikTok, each with "
            "a new event_id? What was accepted under the old one is counted again."
        )

    def end(self, out: Console, *, dry_run: bool, as_json: bool) -> None:
        """Print the counts; for programs, also a line for each named letter that is not there."""
        if as_json:
            for letter_id in sorted(self.missing):
                print_json(_as_dict(letter_id, Outcome.REFUSED, None, (GONE,)))
        elif self.total or self.gone:
            self._print_counts(out, dry_run=dry_run)
        else:
            out.print("No dead letter matches.")

    def _print_counts(self, out: Console, *, dry_run: bool) -> None:
        edited = self.counts[Outcome.EDITED]
        out.print(f"{edited:>9,} {'would be edited; this was a dry run' if dry_run else 'edited'}")
        for count, words in (
            (self.counts[Outcome.UNCHANGED], "already as you want, and left unchanged"),
            (self.refused, "refused, and left unchanged"),
            (self.gone, "not there: replayed or purged, or never a dead letter"),
        ):
            if count:
                out.print(f"{count:>9,} {words}")


def _as_dict(
    letter_id: str, outcome: Outcome, repair: Repair | None, problems: tuple[Finding, ...]
) -> dict[str, Any]:
    changes = repair.changes if repair else ()
    remarks = repair.remarks if repair else ()
    return {
        "id": letter_id,
        "outcome": outcome.value,
        "changes": [change.as_dict() for change in changes],
        "problems": [{"path": one.path or None, "message": one.message} for one in problems],
        "remarks": [{"path": one.path or None, "message": one.message} for one in remarks],
    }


def _heading(repair: Repair) -> Text:
    old = repair.old
    return cell(f"{old.id}  {old.event or '-'}  {labelled(old.destination)}", style="bold")


def _change_table(repair: Repair) -> Any:
    table = plain_table()
    table.show_header = False
    for change in repair.changes[:CHANGES_SHOWN]:
        table.add_row("", cell(change.path), _value(change.before), "→", _value(change.after))
    if (more := len(repair.changes) - CHANGES_SHOWN) > 0:
        table.add_row("", f"and {more:,} more", "", "", "")
    return table


def _value(value: Any) -> Text:
    if value is None:
        return Text("nothing", style="dim")
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return cell(text, _VALUE_CHARS)


def _print_left(out: Console, left: Mapping[str, tuple[Finding, ...]]) -> None:
    for letter_id, problems in left.items():
        out.print(cell(f"{letter_id}  refused, and left unchanged", style="bold"))
        for one in problems:
            out.print(Text("  " + printable(_sentence(one.path, one.message))))


def _sentence(path: str, message: str) -> str:
    return f"{path}: {message}" if path else message


def _print_kinds(out: Console, title: str, kinds: Counter[tuple[str, str]]) -> None:
    if not kinds:
        return
    out.print(title)
    for (path, message), count in kinds.most_common(KINDS_SHOWN):
        out.print(Text(f"{count:>9,} {printable(_sentence(path, message))}"))
    if (more := len(kinds) - KINDS_SHOWN) > 0:
        out.print(f"          and {counted(more, 'other problem')}")
