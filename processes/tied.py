"""A program of its own: becomes the command given, tied to the process that started it.

`python tied.py PARENT COMMAND ...`: the kernel ends COMMAND when PARENT ends, however that ends. What `preexec_fn` of
subprocess could do as well, but not safely in a process with threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    parent, command = int(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() == parent:  # else it has ended already, and nobody would tell us
        os.execvp(command[0], command)  # noqa: S606 - the supervisor's own command
