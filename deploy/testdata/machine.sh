#!/bin/sh
# machine.sh FOLDER SCRIPT: runs a script as root of a machine of its own: this one's files, over which what is written lies in
# memory until the script ends, with processes and a network of its own. FOLDER is there as /mnt.
set -eu
if [ "${MACHINE_INSIDE:-}" != yes ]; then
	MACHINE_INSIDE=yes exec unshare --mount --propagation private --net --pid --fork --kill-child "$0" "$@"
fi
memory=$1/machine
mkdir -p "$memory"
mount -t tmpfs tmpfs "$memory"
mkdir "$memory/upper" "$memory/work" "$memory/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$memory/upper,workdir=$memory/work" "$memory/root"
cd "$memory/root"
mount --bind "$1" mnt
mount -t proc proc proc
mount -t tmpfs tmpfs dev
for device in null zero random urandom full tty; do
	touch "dev/$device"
	mount --bind "/dev/$device" "dev/$device"
done
mount -t tmpfs tmpfs tmp -o mode=1777
mount -t tmpfs tmpfs run -o mode=755
ip link set lo up
exec chroot . /bin/sh -eu "/mnt/$2"
