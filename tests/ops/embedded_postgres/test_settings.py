"""Sizes follow the machine or, in a container, the smallest limit of its control groups."""

from pathlib import Path

import pytest

from ops.embedded_postgres.settings import (
    MB,
    cgroup_limits_bytes,
    configuration,
    machine_memory_bytes,
    server_settings,
)


@pytest.mark.parametrize(
    ("memory_mb", "shared_buffers"),
    [(64 * 1024, "512MB"), (2048, "512MB"), (2047, "511MB"), (512, "128MB"), (32, "16MB")],
)
def test_shared_buffers_are_half_a_gigabyte_and_at_most_a_quarter_of_the_memory(
    memory_mb: int, shared_buffers: str
) -> None:
    assert server_settings(Path("/run"), memory_mb * MB)["shared_buffers"] == shared_buffers


def test_a_limit_of_any_group_above_counts_in_version_2(tmp_path: Path) -> None:
    membership = tmp_path / "cgroup"
    membership.write_text("0::/outer/inner\n")
    for path, limit in (("", "max"), ("outer", str(700 * MB)), ("outer/inner", "max")):
        (tmp_path / "fs" / path).mkdir(exist_ok=True, parents=True)
        (tmp_path / "fs" / path / "memory.max").write_text(f"{limit}\n")
    assert cgroup_limits_bytes(membership, tmp_path / "fs") == [700 * MB]


def test_version_1_has_a_folder_for_memory(tmp_path: Path) -> None:
    membership = tmp_path / "cgroup"
    membership.write_text("5:cpu,cpuacct:/box\n4:memory:/box\n0::/\n")
    (tmp_path / "fs" / "memory" / "box").mkdir(parents=True)
    (tmp_path / "fs" / "memory" / "box" / "memory.limit_in_bytes").write_text(f"{300 * MB}\n")
    assert cgroup_limits_bytes(membership, tmp_path / "fs") == [300 * MB]


def test_no_control_groups_is_no_limit(tmp_path: Path) -> None:
    assert cgroup_limits_bytes(tmp_path / "none", tmp_path) == []
    assert machine_memory_bytes() > 64 * MB


def test_quotes_are_doubled() -> None:
    assert "a = 'it''s'\n" in configuration({"a": "it's"})
