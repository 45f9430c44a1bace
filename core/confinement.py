"""What keeps a program that reads strangers' files to itself, where the system can: Linux's seccomp and Landlock.

Both hold for the process and whatever it begins, and cannot be taken back. Elsewhere, and where a kernel has one of
them only, the bounds of `child_process` remain.
"""

import ctypes
import mimetypes
import os
import struct
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from errno import ENOSYS, EPERM
from pathlib import Path

ROOT = Path(__file__).parents[1]
# What libraries read besides Python's own folders, by place; none of it is a person's or an operator's.
SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share", "/usr/local/lib", "/nix/store")
SET_UP = (
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/ssl/openssl.cnf", "/etc/pki/tls/openssl.cnf", "/etc/crypto-policies"),
    *mimetypes.knownfiles,  # whoever imports openpyxl opens those that are there
)
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu")

# System calls by their numbers for x86_64 and aarch64 (Linux, arch/x86/entry/syscalls/syscall_64.tbl and
# include/uapi/asm-generic/unistd.h); of an old one that aarch64 never had, only the first.
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # the column, and AUDIT_ARCH_* (linux/audit.h)
NETWORK = "socket 41 198, socketpair 53 199, connect 42 203, io_uring_setup 425 425"
PROCESSES = (
    "fork 57, vfork 58, execve 59 221, execveat 322 281, kill 62 129, ptrace 101 117, process_vm_readv 310 270, "
    "process_vm_writev 311 271, pidfd_open 434 434, pidfd_getfd 438 438, unshare 272 97, setns 308 268, bpf 321 280, "
    "userfaultfd 323 282, perf_event_open 298 241, keyctl 250 219, add_key 248 217, request_key 249 218, "
    "tkill 200 130, tgkill 234 131, rt_sigqueueinfo 129 138, rt_tgsigqueueinfo 297 240, pidfd_send_signal 424 424, "
    "shmget 29 194, shmat 30 196, msgget 68 186, semget 64 190, mq_open 240 180, process_madvise 440 440"
)
MARKING = (
    "chown 92, lchown 94, fchown 93 55, fchownat 260 54, chmod 90, fchmod 91 52, fchmodat 268 53, fchmodat2 452 452, "
    "setxattr 188 5, lsetxattr 189 6, fsetxattr 190 7, utimensat 280 88, truncate 76 45"
)
CHANGES = (
    "creat 85, rename 82, renameat 264 38, renameat2 316 276, mkdir 83, mkdirat 258 34, rmdir 84, unlink 87, "
    "unlinkat 263 35, link 86, linkat 265 37, symlink 88, symlinkat 266 36, mknod 133, mknodat 259 33"
)
CLONE, CLONE3, OPEN, OPENAT, OPENAT2 = (56, 220), (435, 435), (2, None), (257, 56), (437, 437)
PRLIMIT, ANOTHER = (302, 261), 0xFFFFFFFF  # whose bounds are set: 0 is one's own process
A_THREAD = 0x10000  # CLONE_THREAD: what is begun is no process
TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
X32 = 0x40000000  # from here on calls of x86_64's third kind, which do the same by other numbers

# Classic BPF (linux/bpf_common.h), over struct seccomp_data: the call's number, the architecture, six arguments.
LOAD, EQUAL, AT_LEAST, ANY_OF, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
ALLOW, REFUSE = 0x7FFF0000, 0x00050000  # the second with an error's number (linux/seccomp.h)
NO_NEW_PRIVS = 38  # prctl(2)
SECCOMP = (317, 277)  # seccomp(2), of which 1 sets a filter, with flag 1 for all threads

# Landlock (linux/landlock.h): 444 makes a set of rules, 445 adds one, 446 holds to it.
READ, OF_FILES, WITHOUT_RUNNING = 0b1100, 0b110, ~1  # reading files and folders; what a file's rule may hold
RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # of which version of it knows how many; 16 are all of later ones

Instruction = tuple[int, int, int, int]  # code, jumps where it holds and where not, value


def confine_process(readable: Iterable[Path] = (), writable: Iterable[Path] = ()) -> None:
    """Let this process begin no other, open no socket, and open no files but Python's own and those below these places.

    Called before anything of a stranger's comes in, from the process's only thread.
    """
    places = list(writable)
    refuse_calls(NETWORK, PROCESSES, MARKING, *([] if places else [CHANGES]), opens_to_write=bool(places))
    _keep_to_files({**dict.fromkeys([*_own_places(), *readable], READ), **dict.fromkeys(places, -1 & WITHOUT_RUNNING)})


def refuse_calls(*tables: str, opens_to_write: bool = True) -> None:
    """Have the system calls of these tables, and the beginning of processes, fail from now on, in all threads."""
    column, architecture = ARCHITECTURES.get(os.uname().machine, (0, 0))
    if sys.platform != "linux" or not architecture:
        return
    numbers = [
        int(call.split()[1:][column]) for call in ", ".join(tables).split(", ") if len(call.split()) > column + 1
    ]
    program = [*_begin_filter(architecture), *_filter_calls(numbers, column, opens_to_write=opens_to_write)]
    packed = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in program))
    described = struct.pack("HxxxxxxP", len(program), ctypes.addressof(packed))  # struct sock_fprog
    _gain_no_rights()
    _call_system(SECCOMP[column], 1, 1, described)


def _begin_filter(architecture: int) -> Iterator[Instruction]:
    yield LOAD, 0, 0, ARCHITECTURE
    yield EQUAL, 1, 0, architecture
    yield RETURN, 0, 0, REFUSE | EPERM
    yield LOAD, 0, 0, NUMBER
    yield AT_LEAST, 0, 1, X32
    yield RETURN, 0, 0, REFUSE | EPERM


def _filter_calls(numbers: Iterable[int], column: int, *, opens_to_write: bool) -> Iterator[Instruction]:
    for number in numbers:
        yield from ((EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE | EPERM))
    # Arguments in memory cannot be looked at: libraries then take the older calls.
    for number in (CLONE3[column], OPENAT2[column]):
        yield from ((EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE | ENOSYS))
    yield from _filter_by_argument(CLONE[column], 0, A_THREAD, allow_any=True)
    yield from _filter_by_argument(PRLIMIT[column], 0, ANOTHER, allow_any=False)
    if not opens_to_write:
        yield from _filter_by_argument(OPEN[column], 1, TO_WRITE, allow_any=False)
        yield from _filter_by_argument(OPENAT[column], 2, TO_WRITE, allow_any=False)
    yield RETURN, 0, 0, ALLOW


def _filter_by_argument(number: int | None, place: int, bits: int, *, allow_any: bool) -> Iterator[Instruction]:
    """Yield what refuses a call by an argument: one with any of the bits, or with `allow_any` one with none."""
    if number is not None:
        yield EQUAL, 0, 4, number
        yield LOAD, 0, 0, ARGUMENTS + 8 * place
        yield ANY_OF, int(not allow_any), int(allow_any), bits
        yield RETURN, 0, 0, ALLOW
        yield RETURN, 0, 0, REFUSE | EPERM


def _own_places() -> list[Path]:
    """Return where Python, its packages and our readers lie, and what they read of the system."""
    of_python = (sys.prefix, sys.base_prefix, *sys.path)
    named = [Path(each) for each in (*of_python, *SYSTEM, *SET_UP, *DEVICES) if each and Path(each) != ROOT]
    return [*named, ROOT / "core"]


def _keep_to_files(rights: dict[Path, int]) -> None:
    """Open from now on only what lies at or below these places, each with its rights."""
    version = landlock_version()
    if version < 1:
        return
    handled = (1 << RIGHTS.get(version, 16)) - 1
    rules = _call_system(444, struct.pack("Q", handled), 8, 0)
    for place, allowed in rights.items():
        with suppress(OSError):  # not every system has each of them
            opened = os.open(place, os.O_PATH | os.O_CLOEXEC)
            given = allowed & handled if place.is_dir() else allowed & OF_FILES
            _call_system(445, rules, 1, struct.pack("=Qi", given, opened), 0)
            os.close(opened)
    _gain_no_rights()
    _call_system(446, rules, 0)
    os.close(rules)


def landlock_version() -> int:
    """Return which version of Landlock the kernel has; none is 0 or less."""
    return _call_system(444, 0, 0, 1) if sys.platform == "linux" else 0


def _gain_no_rights() -> None:
    """Give up what a program that is run could gain, without which the kernel takes no rules from who is not root."""
    ctypes.CDLL(None).prctl(NO_NEW_PRIVS, *map(ctypes.c_ulong, (1, 0, 0, 0)))


def _call_system(number: int, *arguments: int | bytes) -> int:
    """Return what the kernel answers, -1 where it refuses."""
    given = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    return int(ctypes.CDLL(None).syscall(ctypes.c_long(number), *given))
