"""A lock that is given to those who wait in the order in which they came."""

import threading
from collections import deque


class Line:
    """One at a time, first come first served, but for who may go first. Whoever entered leaves once."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False

    def enter(self, seconds: float, *, first: bool = False) -> bool:
        """Wait for one's turn, at most so long; return whether it came. `first` waits for no one who waits."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            turn = threading.Event()
            if first:
                self._waiting.appendleft(turn)
            else:
                self._waiting.append(turn)
        if turn.wait(seconds):
            return True
        with self._guard:
            if turn.is_set():
                return True
            self._waiting.remove(turn)
            return False

    def leave(self) -> None:
        """Let the next one in."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
