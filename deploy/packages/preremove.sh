#!/bin/sh
# Runs before the files go: as `prerm remove` or `prerm upgrade` by dpkg, with 0 (remove) or 1 (upgrade) by rpm.
set -e

case "$1" in
remove | 0) ;;
*) exit 0 ;;
esac
[ -d /run/systemd/system ] || exit 0
# The socket first: it would start the service again.
systemctl disable --now readiness-exporter.socket readiness-exporter.service
