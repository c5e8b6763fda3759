"""The page on access says what the code does."""

from pathlib import Path

from domain.access.roles import MAY, Right, Role

PAGE = (Path(__file__).parents[3] / "docs" / "access.md").read_text()


def test_the_table_of_roles_is_the_one_in_the_code() -> None:
    lines = [line for line in PAGE.splitlines() if line.startswith("| ") and line.count("|") == len(Role) + 2]
    told = {cells[0]: [cell == "yes" for cell in cells[1:]] for cells in map(cells_of, lines)}
    assert cells_of(lines[0])[1:] == list(Role)
    rights = [right for right in Right if right not in (Right.OPEN, Right.SELF)]
    assert {name: told[name] for name in told if name != "may"} == {
        right.value: [role in MAY[right] for role in Role] for right in rights
    }


def cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]
