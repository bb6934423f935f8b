"""sandbox.py COMMAND...: runs a command as systemd runs readiness-exporter.service: its user without privileges, files that it
can only read but for its state, and the system calls that the unit permits. What the unit says is read from it."""

import errno
import os
import pwd
import subprocess
import sys

import seccomp

UNIT = "/usr/lib/systemd/system/readiness-exporter.service"


def settings():
    for line in open(UNIT, encoding="utf-8"):
        name, assigned, value = line.strip().partition("=")
        if assigned and not name.startswith("#"):
            yield name, value


def calls(group):
    """The system calls of a group, with those of the groups in it."""
    if not group.startswith("@"):
        yield group  # a call by its name
        return
    output = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", group], check=True, capture_output=True, text=True).stdout
    for name in output.split("\n"):
        name = name.strip()
        if name.startswith("@") and name != group:
            yield from calls(name)
        elif name and not name.startswith(("#", "@")):
            yield name


def permitted():
    allowed = set()
    for value in (value for name, value in settings() if name == "SystemCallFilter"):
        named = {call for group in value.lstrip("~").split() for call in calls(group)}
        allowed = allowed - named if value.startswith("~") else allowed | named
    return allowed


unit = dict(settings())
assert (unit["ProtectSystem"], unit["NoNewPrivileges"], unit["CapabilityBoundingSet"]) == ("strict", "yes", ""), unit
state = "/var/lib/" + unit["StateDirectory"]
user = pwd.getpwnam(unit["User"])
rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
for call in permitted():
    try:
        rules.add_rule(seccomp.ALLOW, call)
    except RuntimeError:
        pass  # It is one of another architecture.
os.makedirs(state, exist_ok=True)
os.chown(state, user.pw_uid, user.pw_gid)
os.chmod(state, int(unit["StateDirectoryMode"], 8))
for options in ["--bind", state, state], ["-o", "remount,bind,ro", "/"], ["-o", "remount,bind,ro", "/tmp"]:
    subprocess.run(["mount", *options], check=True)
os.umask(int(unit["UMask"], 8))
os.setgroups([])
os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)  # With it go all privileges.
os.chdir("/")
rules.load()  # It sets NoNewPrivileges too.
os.environ["NOTIFY_SOCKET"] = "/run/notify"
os.execvp(sys.argv[1], sys.argv[1:])
