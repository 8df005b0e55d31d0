"""How busy this machine is, from what the kernel publishes in ``/proc``; elsewhere everything is 0."""

from pathlib import Path

_STAT, _MEMINFO = Path("/proc/stat"), Path("/proc/meminfo")


class MachineLoad:
    """Samples the whole machine. Not for several threads at once."""

    def __init__(self, stat: Path = _STAT, meminfo: Path = _MEMINFO) -> None:
        self._stat = stat
        self._meminfo = meminfo
        self._seen = self._times()

    def cpu_percent(self) -> float:
        """How much of the CPU time since the last call was work, 0 to 100."""
        before, self._seen = self._seen, self._times()
        total, idle = (now - then for now, then in zip(self._seen, before, strict=True))
        return 100 * max(0.0, 1 - idle / total) if total > 0 else 0.0

    def memory_percent(self) -> float:
        """How much memory is not available to a new process, 0 to 100."""
        try:
            lines = self._meminfo.read_text(encoding="ascii").splitlines()
            kilobytes = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
            return 100 * (1 - kilobytes["MemAvailable"] / kilobytes["MemTotal"])
        except (OSError, ValueError, LookupError, ArithmeticError):
            return 0.0

    def _times(self) -> tuple[int, int]:
        """Ticks since the start of the machine: all, and those without work (idle and waiting for disks)."""
        try:
            line = self._stat.read_text(encoding="ascii").partition("\n")[0]
            ticks = [int(part) for part in line.split()[1:9]]
            return sum(ticks), ticks[3] + ticks[4]
        except (OSError, ValueError, LookupError):
            return 0, 0
