#!/bin/sh
# Runs after the files are gone: as `postrm remove`, `postrm purge` and others by dpkg, with 0 (remove) or 1 (upgrade) by rpm.
# What was recorded and configured stays until it is purged; rpm has no purge, and leaves both.
set -e

if [ "$1" = purge ]; then
	# What the administrator has put beside the configuration goes with it.
	rm -rf /var/lib/readiness-exporter /etc/readiness-exporter
	rm -rf /etc/systemd/system/readiness-exporter.service.d /etc/systemd/system/readiness-exporter.socket.d
	if getent passwd readiness-exporter >/dev/null; then
		userdel readiness-exporter
	fi
	if getent group readiness-exporter >/dev/null; then
		groupdel readiness-exporter
	fi
fi
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
