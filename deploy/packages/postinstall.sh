#!/bin/sh
# Runs after the files are there: as `postinst configure [old version]` by dpkg, with 1 (install) or 2 (upgrade) by rpm.
set -e

case "$1" in
configure) if [ -n "$2" ] && [ ! -e /run/readiness-exporter.install ]; then upgrade=yes; else upgrade=; fi ;;
1) upgrade= ;;
2) upgrade=yes ;;
*) exit 0 ;;
esac
rm -f /run/readiness-exporter.install

systemd-sysusers readiness-exporter.conf
# Only what this file names, so that the rules of others are not run.
systemd-tmpfiles --create readiness-exporter.conf

# Where systemd does not run (a chroot, a container), there is no service to start.
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
# A service that does not start (its port is taken, its configuration is bad) leaves the package installed, and is told.
if [ -n "$upgrade" ]; then
	systemctl try-restart readiness-exporter.service
elif [ "$1" = configure ]; then
	# Debian starts what is installed; elsewhere the administrator does.
	systemctl enable --now readiness-exporter.service
fi || echo "readiness-exporter does not run: systemctl status readiness-exporter says why" >&2
