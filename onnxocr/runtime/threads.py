"""How many threads a session should compute with on this machine.

In go text files of the Linux kernel, the affinity of this process and the environment; out comes a number.
Starts no thread and changes no setting of the process.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from onnxocr.errors import ConfigError

ReadText: TypeAlias = Callable[[str], str | None]
"""Returns the text of the file at an absolute path, None if it cannot be read."""

THREADS_VARIABLE = "OMP_NUM_THREADS"


def thread_count(cpu_threads: int | None = None) -> int:
    """Returns the number of CPU threads for one session.

    ``cpu_threads`` if it is given, else ``OMP_NUM_THREADS`` if that is set, else the smallest of the
    container's CPU quota, the CPUs that this process may use and the physical cores among them; at least 1.

    Raises:
        ConfigError: ``OMP_NUM_THREADS`` is not a whole number above 0.
    """
    if cpu_threads is not None:
        return cpu_threads
    return threads_from_environment(os.environ) or usable_cores(_read_text, _allowed_cpus())


def threads_from_environment(environment: Mapping[str, str]) -> int | None:
    """Returns what ``OMP_NUM_THREADS`` asks for, None if it is not set.

    OpenMP allows a list with one number for each level of nesting; the first one counts.

    Raises:
        ConfigError: it is not a whole number above 0.
    """
    text = environment.get(THREADS_VARIABLE, "").strip()
    if not text:
        return None
    first = text.split(",")[0].strip()
    if not (first.isascii() and first.isdigit() and int(first) > 0):
        raise ConfigError(
            f"The environment variable {THREADS_VARIABLE} is {text!r}; it must be a whole number above 0. "
            "Correct or unset it, or pass cpu_threads."
        )
    return int(first)


def usable_cores(read: ReadText, allowed: Collection[int]) -> int:
    """Returns the smallest of CPU quota, allowed CPUs and physical cores among these; at least 1.

    A quota of part of a CPU counts as a whole one: two threads on a quota of 1.5 get more done than one.

    Args:
        read: reads a file of ``/proc`` or ``/sys``.
        allowed: numbers of the logical CPUs that this process may run on.
    """
    counts = [len(allowed)]
    if (cores := physical_cores(read("/proc/cpuinfo") or "", allowed)) is not None:
        counts.append(cores)
    if (quota := cgroup_cpu_quota(read)) is not None:
        counts.append(math.ceil(quota))
    return max(1, min(counts))


def physical_cores(cpuinfo: str, allowed: Collection[int]) -> int | None:
    """Returns how many physical cores the allowed CPUs belong to, None if ``/proc/cpuinfo`` does not tell.

    Hyper-threads of one core share its arithmetic units, so counting both makes matrix products slower.
    """
    cores = set()
    for block in cpuinfo.split("\n\n"):
        fields = _colon_fields(block)
        if fields.get("processor", "").isdigit() and int(fields["processor"]) in allowed:
            if "core id" not in fields:
                return None
            cores.add((fields.get("physical id"), fields["core id"]))
    return len(cores) or None


def cgroup_cpu_quota(read: ReadText) -> float | None:
    """Returns the CPU time that the control groups of this process allow, in CPUs; None without a limit.

    The least limit of the group and of all groups around it counts, in version 1 and 2 of the interface.
    """
    groups = _controller_paths(read("/proc/self/cgroup") or "")
    limits = []
    for is_v2, root, mount in _cpu_mounts(read("/proc/self/mountinfo") or ""):
        path = groups.get("" if is_v2 else "cpu")
        if path is not None:
            quota = _quota_v2 if is_v2 else _quota_v1
            limits += [quota(read, folder) for folder in _group_folders(path, root, mount)]
    return min((limit for limit in limits if limit is not None), default=None)


def _colon_fields(block: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in block.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _controller_paths(cgroup: str) -> dict[str, str]:
    """Maps each controller to the path of its group; version 2 has the empty name."""
    paths = {}
    for line in cgroup.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        paths.update(dict.fromkeys(controllers.split(","), path))
    return paths


def _cpu_mounts(mountinfo: str) -> list[tuple[bool, str, str]]:
    """Returns (is version 2, root, mount point) of mounts with CPU limits; see proc_pid_mountinfo(5)."""
    mounts = []
    for line in mountinfo.splitlines():
        place, _, kind = line.partition(" - ")
        place_fields, kind_fields = place.split(), kind.split()
        if len(place_fields) < 5 or len(kind_fields) < 3:
            continue
        is_v2 = kind_fields[0] == "cgroup2"
        if is_v2 or (kind_fields[0] == "cgroup" and "cpu" in kind_fields[2].split(",")):
            mounts.append((is_v2, place_fields[3], place_fields[4]))
    return mounts


def _group_folders(path: str, root: str, mount: str) -> list[str]:
    """Returns the folders of a group and of all groups around it that the mount shows."""
    group = PurePosixPath(path)
    # A container may see its own group as the mount's root while /proc/self/cgroup names it as the host does.
    shown = group.relative_to(root) if group.is_relative_to(root) else PurePosixPath()
    folders = [PurePosixPath(mount) / shown]
    folders += [PurePosixPath(mount) / parent for parent in shown.parents]
    return list(dict.fromkeys(str(folder) for folder in folders))


def _quota_v2(read: ReadText, folder: str) -> float | None:
    fields = (read(f"{folder}/cpu.max") or "").split()
    return _quota(fields[0], fields[1]) if len(fields) == 2 else None


def _quota_v1(read: ReadText, folder: str) -> float | None:
    quota, period = read(f"{folder}/cpu.cfs_quota_us"), read(f"{folder}/cpu.cfs_period_us")
    return _quota(quota.strip(), period.strip()) if quota and period else None


def _quota(quota_us: str, period_us: str) -> float | None:
    # No limit is written as "max" in version 2 and as -1 in version 1.
    if not (quota_us.isdigit() and period_us.isdigit()) or int(quota_us) == 0 or int(period_us) == 0:
        return None
    return int(quota_us) / int(period_us)


def _allowed_cpus() -> set[int]:
    if sys.platform == "linux":
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))


def _read_text(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
