# What the lives of both packages share.
export DEBIAN_FRONTEND=noninteractive
mount --bind /mnt/systemctl /usr/bin/systemctl # rpm gives its scripts a PATH of its own.

files() { # but for what dpkg and the programs that make users note for themselves
	find /etc /usr /var /opt /home ! -path '/var/lib/dpkg/*' ! -path '/var/lib/rpm*' ! -path '/var/cache/*' \
		! -path '/var/log/*' ! -path '/etc/*-' | sort
}

files >/run/before
mkdir -p /run/systemd/system # What maintainer scripts take for a systemd that runs.
/usr/bin/python3 /mnt/notify.py &
until [ -e /run/notify ]; do sleep 0.1; done
configuration=/etc/readiness-exporter/readiness.yaml

expect() { # WHAT GOT WANT
	if [ "$2" != "$3" ]; then
		printf '%s: got\n%s\nexpected\n%s\n' "$1" "$2" "$3"
		cat /run/systemctl.log /run/service.log
		exit 1
	fi
}
serve() { # PATTERN: what is collected or loaded is published with the next judgement
	attempts=0
	until wget -q -O - http://127.0.0.1:10216/metrics | grep -q "$1"; do
		attempts=$((attempts + 1))
		[ $attempts -lt 100 ] || { echo "what is served never has $1"; cat /run/service.log; exit 1; }
		sleep 0.1
	done
}
processes() { pgrep -x readiness-expor || true; }
