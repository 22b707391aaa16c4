from __future__ import annotations

import pytest

from onnxocr.errors import ConfigError
from onnxocr.runtime import threads
from onnxocr.runtime.threads import (
    cgroup_cpu_quota,
    physical_cores,
    thread_count,
    threads_from_environment,
    usable_cores,
)

V2_MOUNT = "31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
V1_MOUNT = "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
HYBRID_MOUNTS = (
    "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
    "33 31 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw\n"
)


def cpuinfo(*cores: tuple[int, int]) -> str:
    """Text of /proc/cpuinfo for logical CPUs 0, 1, ... with (socket, core)."""
    return "\n".join(
        f"processor\t: {number}\nmodel name\t: CPU: 2 GHz\nphysical id\t: {socket}\ncore id\t\t: {core}\n"
        for number, (socket, core) in enumerate(cores)
    )


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        pytest.param({}, None, id="no control groups at all"),
        pytest.param(
            {
                "/proc/self/cgroup": "0::/\n",
                "/proc/self/mountinfo": V2_MOUNT,
                "/sys/fs/cgroup/cpu.max": "200000 100000\n",
            },
            2.0,
            id="v2, container sees its group as root",
        ),
        pytest.param(
            {
                "/proc/self/cgroup": "0::/\n",
                "/proc/self/mountinfo": V2_MOUNT,
                "/sys/fs/cgroup/cpu.max": "max 100000\n",
            },
            None,
            id="v2 without a limit",
        ),
        pytest.param(
            {
                "/proc/self/cgroup": "0::/user.slice/app.service\n",
                "/proc/self/mountinfo": V2_MOUNT,
                "/sys/fs/cgroup/user.slice/app.service/cpu.max": "400000 100000\n",
                "/sys/fs/cgroup/user.slice/cpu.max": "150000 100000\n",
            },
            1.5,
            id="v2, the group around has the lower limit",
        ),
        pytest.param(
            {
                "/proc/self/cgroup": "0::/user.slice/app.service\n",
                "/proc/self/mountinfo": V2_MOUNT,
                "/sys/fs/cgroup/user.slice/app.service/cpu.max": "50000 100000\n",
                "/sys/fs/cgroup/user.slice/cpu.max": "max 100000\n",
            },
            0.5,
            id="v2, half a CPU",
        ),
        pytest.param(
            {
                "/proc/self/cgroup": "0::/docker/abc\n",
                "/proc/self/mountinfo": "31 23 0:28 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
                "/sys/fs/cgroup/cpu.max": "300000 100000\n",
            },
            3.0,
            id="v2, the mount's root is the group",
        ),
        pytest.param(
            {
                "/proc/self/cgroup": "0::/host/name/of/it\n",
                "/proc/self/mountinfo": "31 23 0:28 /elsewhere /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
                "/sys/fs/cgroup/cpu.max": "300000 100000\n",
            },
            3.0,
            id="v2, the group is not under the mount's root",
        ),
        pytest.param(
            {
                "/proc/self/cgroup": "4:cpu,cpuacct:/docker/abc\n3:memory:/docker/abc\n0::/\n",
                "/proc/self/mountinfo": V1_MOUNT,
                "/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us": "250000\n",
                "/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us": "100000\n",
            },
            2.5,
            id="v1",
        ),
        pytest.param(
            {
                "/proc/self/cgroup": "4:cpu,cpuacct:/\n",
                "/proc/self/mountinfo": V1_MOUNT,
                "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
                "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            },
            None,
            id="v1 without a limit",
        ),
        pytest.param(
            {
                "/proc/self/cgroup": "1:cpu:/\n0::/\n",
                "/proc/self/mountinfo": HYBRID_MOUNTS,
                "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "100000\n",
                "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "50000\n",
            },
            2.0,
            id="both versions mounted, the limit is in v1",
        ),
        pytest.param(
            {
                "/proc/self/cgroup": "nonsense\n0::/\n",
                "/proc/self/mountinfo": "short line\n" + V2_MOUNT,
                "/sys/fs/cgroup/cpu.max": "many things here\n",
            },
            None,
            id="files that do not read as expected",
        ),
        pytest.param(
            {
                "/proc/self/cgroup": "0::/\n",
                "/proc/self/mountinfo": V2_MOUNT,
                "/sys/fs/cgroup/cpu.max": "100000 0\n",
            },
            None,
            id="a period of 0",
        ),
    ],
)
def test_the_quota_is_the_least_limit_of_the_group_and_those_around_it(
    files: dict[str, str], quota: float | None
) -> None:
    assert cgroup_cpu_quota(files.get) == quota


@pytest.mark.parametrize(
    ("text", "allowed", "cores"),
    [
        pytest.param(cpuinfo((0, 0), (0, 1)), {0, 1}, 2, id="no hyper-threads"),
        pytest.param(cpuinfo((0, 0), (0, 1), (0, 0), (0, 1)), {0, 1, 2, 3}, 2, id="two hyper-threads each"),
        pytest.param(cpuinfo((0, 0), (0, 1), (1, 0), (1, 1)), {0, 1, 2, 3}, 4, id="two sockets"),
        pytest.param(cpuinfo((0, 0), (0, 1), (0, 0), (0, 1)), {0, 2}, 1, id="both threads of one core"),
        pytest.param(cpuinfo((0, 0), (0, 1), (0, 0), (0, 1)), {2, 3}, 2, id="one thread of each core"),
        pytest.param("processor\t: 0\nBogoMIPS\t: 50.0\n", {0}, None, id="an Arm CPU does not tell"),
        pytest.param("", {0, 1}, None, id="no /proc"),
    ],
)
def test_physical_cores_are_counted_among_the_allowed_cpus(
    text: str, allowed: set[int], cores: int | None
) -> None:
    assert physical_cores(text, allowed) == cores


@pytest.mark.parametrize(
    ("cpu_max", "cores", "allowed", "expected"),
    [
        pytest.param("max 100000", [(0, 0), (0, 1)], {0, 1}, 2, id="nothing limits"),
        pytest.param("100000 100000", [(0, 0), (0, 1)], {0, 1}, 1, id="quota"),
        pytest.param("max 100000", [(0, 0), (0, 1)], {1}, 1, id="affinity"),
        pytest.param("max 100000", [(0, 0), (0, 0)], {0, 1}, 1, id="hyper-threads"),
        pytest.param("150000 100000", [(0, 0), (0, 1), (0, 2)], {0, 1, 2}, 2, id="1.5 CPUs count as 2"),
        pytest.param("10000 100000", [(0, 0), (0, 1)], {0, 1}, 1, id="a tenth of a CPU counts as 1"),
    ],
)
def test_usable_cores_are_the_smallest_of_quota_affinity_and_physical_cores(
    cpu_max: str, cores: list[tuple[int, int]], allowed: set[int], expected: int
) -> None:
    files = {
        "/proc/self/cgroup": "0::/\n",
        "/proc/self/mountinfo": V2_MOUNT,
        "/sys/fs/cgroup/cpu.max": cpu_max,
        "/proc/cpuinfo": cpuinfo(*cores),
    }
    assert usable_cores(files.get, allowed) == expected


def test_usable_cores_without_proc_and_sys_are_the_allowed_cpus() -> None:
    assert usable_cores(lambda path: None, {0, 1, 2}) == 3


@pytest.mark.parametrize(("text", "count"), [("3", 3), (" 4 ", 4), ("6,2", 6), ("", None), ("  ", None)])
def test_omp_num_threads_is_read(text: str, count: int | None) -> None:
    assert threads_from_environment({"OMP_NUM_THREADS": text}) == count


@pytest.mark.parametrize("text", ["0", "-2", "two", "1.5", ",2", "²"])
def test_omp_num_threads_that_is_no_count_is_refused_by_name(text: str) -> None:
    with pytest.raises(ConfigError, match="OMP_NUM_THREADS"):
        threads_from_environment({"OMP_NUM_THREADS": text})


def test_cpu_threads_wins_over_the_environment_and_that_over_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threads, "usable_cores", lambda read, allowed: 7)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert thread_count() == 7
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert thread_count() == 5
    assert thread_count(3) == 3


def test_this_machine_gives_at_least_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert thread_count() >= 1
