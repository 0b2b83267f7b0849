"""The memory charged to a group, minus its /tmp and the kernel's file cache."""

from __future__ import annotations

from collections.abc import Callable

from lambda_tui.local_lambda.sandbox.groups.control_group import BYTES_PER_MB, KeptFiles


class ChargedMemory:
    """The memory figures of one group; `peak_file` and `current_file` are the control files they come from.

    If a /tmp is charged to the group, its size is set aside: it is not memory of the function.
    """

    def __init__(
        self, files: KeptFiles, peak_file: str, current_file: str, cached_file_bytes: Callable[[], int]
    ) -> None:
        self._files = files
        self._peak_file = peak_file
        self._current_file = current_file
        self._cached_file_bytes = cached_file_bytes
        self._highest_charge_bytes = 0
        self._peak_bytes = 0
        self.limit_bytes = 0
        """The function's memory size."""
        self.hard_limit_bytes = 0
        """What the kernel enforces: the memory size and a /tmp that is charged to the group."""
        self.tmp_bytes = 0

    def limit_to(self, memory_mb: int, charged_tmp_mb: int) -> None:
        """Note the limits; the group writes them."""
        self.limit_bytes = memory_mb * BYTES_PER_MB
        self.hard_limit_bytes = (memory_mb + charged_tmp_mb) * BYTES_PER_MB

    def look_only_at_current(self) -> None:
        """For kernels without a peak, or if the peak includes a /tmp."""
        self._peak_file = self._current_file

    def peak_bytes(self) -> int:
        """The most memory that the group used, without files.

        The kernel keeps only the peak of memory and cached files together, so the current cache is
        subtracted, and only read when that peak has grown. Files written and removed since the last
        reading are still included.
        """
        charged = self._files.number(self._peak_file) - self.tmp_bytes
        if charged > self._highest_charge_bytes:
            self._highest_charge_bytes = charged
            self._peak_bytes = max(self._peak_bytes, charged - self._cached_file_bytes())
        return self._peak_bytes

    def set_aside(self, tmp_bytes: int) -> bool:
        """Exclude this size of /tmp from now on; False if it has not changed."""
        if tmp_bytes == self.tmp_bytes:
            return False
        self.tmp_bytes = tmp_bytes
        self.look_only_at_current()
        return True

    def exceeds_limit(self) -> bool:
        """Whether memory alone is above the memory size."""
        over = self._files.number(self._current_file) - self.tmp_bytes - self.limit_bytes
        return over > 0 and over > self._cached_file_bytes()
