#!/bin/sh
# Runs before the files come: as `preinst install [old version]` or `preinst upgrade` by dpkg, with 1 or 2 by rpm.
set -e

# dpkg tells the postinst of an old version too where the package was removed, but not purged: it is started again all the same.
if [ "$1" = install ] && [ -d /run ]; then
	: >/run/readiness-exporter.install
fi
