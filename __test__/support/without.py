"""without.py unnamed-files|links COMMAND...: runs the command where the kernel says that it has no
files without a name (O_TMPFILE), or forbids hard links, as old kernels, some file systems and some
containers do. Linux on x86-64 and arm64 only; needs no rights."""

import ctypes
import errno
import os
import platform
import struct
import sys

NO_NEW_PRIVILEGES, SECCOMP, FILTER_MODE = 38, 22, 2
LOAD, EQUAL, HAS_BITS, RETURN = 0x20, 0x15, 0x45, 0x06
NUMBER, THIRD_ARGUMENT = 0, 32
ALLOW, FAIL = 0x7FFF0000, 0x00050000
TMPFILE = 0o20000000
OPENAT, LINKAT = {"x86_64": (257, 265), "aarch64": (56, 37)}[platform.machine()]


def step(code, value, if_true=0, if_false=0):
    return struct.pack("HBBI", code, if_true, if_false, value)


FILTERS = {
    "unnamed-files": [
        step(LOAD, NUMBER),
        step(EQUAL, OPENAT, 0, 3),
        step(LOAD, THIRD_ARGUMENT),
        step(HAS_BITS, TMPFILE, 0, 1),
        step(RETURN, FAIL | errno.EOPNOTSUPP),
        step(RETURN, ALLOW),
    ],
    "links": [
        step(LOAD, NUMBER),
        step(EQUAL, LINKAT, 0, 1),
        step(RETURN, FAIL | errno.EPERM),
        step(RETURN, ALLOW),
    ],
}

libc = ctypes.CDLL(None, use_errno=True)
steps = FILTERS[sys.argv[1]]
code = ctypes.create_string_buffer(b"".join(steps))
program = ctypes.create_string_buffer(struct.pack("HP", len(steps), ctypes.addressof(code)))
for arguments in [(NO_NEW_PRIVILEGES, 1, 0, 0, 0), (SECCOMP, FILTER_MODE, program, 0, 0)]:
    if libc.prctl(*arguments) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
os.execvp(sys.argv[2], sys.argv[2:])
