# The life of the deb on a machine: it is installed, configured, upgraded, removed and purged. old.deb and new.deb differ in their
# version and in the configuration that they bring.
. /mnt/common.sh

dpkg -i /mnt/old.deb
process=$(cat /run/readiness-exporter.pid)
expect "the service that an installation starts" "$(processes)" "$process"
expect "its user" "$(stat -c %U:%G "/proc/$process")" readiness-exporter:readiness-exporter
expect "what it may do" "$(grep -E '^(NoNewPrivs|CapEff|CapPrm|Seccomp):' "/proc/$process/status" | tr '\t' ' ' | tr '\n' ' ')" \
	"CapPrm: 0000000000000000 CapEff: 0000000000000000 NoNewPrivs: 1 Seccomp: 2 "
expect "where it listens" "$(ss -Hltn | awk '{print $4}')" 127.0.0.1:10216
serve '^readiness_collector_up{collector="host",environment="production",system="server"} 1$'
expect "who reads the configuration" "$(stat -c '%U:%G %a' $configuration)" "root:readiness-exporter 640"
expect "where it keeps what it records" "$(stat -c '%U %a' /var/lib/readiness-exporter)" "readiness-exporter 750"
[ -n "$(ls /var/lib/readiness-exporter)" ] || { echo "nothing was recorded"; exit 1; }

sed -i 's/^  - name: server /  - name: shop /' $configuration
systemctl reload readiness-exporter.service
serve '^readiness_system_info{.*system="shop"'

dpkg --force-confdef -i /mnt/new.deb
[ "$(cat /run/readiness-exporter.pid)" != "$process" ] || { echo "an upgrade does not restart the service"; exit 1; }
expect "what runs after an upgrade" "$(processes)" "$(cat /run/readiness-exporter.pid)"
grep -q '^  - name: shop ' $configuration || { echo "an upgrade replaces a configuration that was changed"; exit 1; }
grep -q '^# A line of the new version' $configuration.dpkg-dist || { echo "the new configuration is not beside the old one"; exit 1; }
serve '^readiness_system_info{.*system="shop"'

dpkg -r readiness-exporter
expect "what runs after a removal" "$(processes)" ""
[ -e $configuration ] && [ -e /var/lib/readiness-exporter ] || { echo "a removal takes what was configured or recorded"; exit 1; }
[ ! -e /usr/bin/readiness-exporter ] || { echo "a removal leaves the program"; exit 1; }

dpkg -i /mnt/new.deb
expect "what runs when it is installed again" "$(processes)" "$(cat /run/readiness-exporter.pid)"
serve '^readiness_system_info{.*system="shop"'

touch /run/refuse # A service that does not start is told, and is no broken package.
dpkg -i /mnt/new.deb 2>&1 | grep 'readiness-exporter does not run'
expect "what dpkg says of it" "$(dpkg-query -W -f '${db:Status-Abbrev}' readiness-exporter)" "ii "
rm /run/refuse

dpkg -r readiness-exporter
dpkg -P readiness-exporter
files >/run/after
expect "what a purge leaves" "$(comm -13 /run/before /run/after)" ""
expect "the user after a purge" "$(getent passwd readiness-exporter; getent group readiness-exporter)" ""

rm -r /run/systemd # A machine without systemd, such as a container: installed and removed all the same.
dpkg -i /mnt/old.deb
expect "what runs where systemd does not" "$(processes)" ""
dpkg -P readiness-exporter
expect "the requests to systemd" "$(cat /run/systemctl.log)" "daemon-reload
enable --now readiness-exporter.service
reload readiness-exporter.service
daemon-reload
daemon-reload
try-restart readiness-exporter.service
disable --now readiness-exporter.socket readiness-exporter.service
daemon-reload
daemon-reload
enable --now readiness-exporter.service
daemon-reload
daemon-reload
try-restart readiness-exporter.service
disable --now readiness-exporter.socket readiness-exporter.service
daemon-reload
daemon-reload"
