# The life of the rpm on a machine, as that of the deb; there is no purge. The database is empty, so that nothing fulfils what a
# package needs of others.
. /mnt/common.sh

rpm --install --nodeps /mnt/old.rpm
expect "what runs after an installation, which is for the administrator to start" "$(processes)" ""
systemctl enable --now readiness-exporter.service
process=$(cat /run/readiness-exporter.pid)
expect "who reads the configuration" "$(stat -c '%U:%G %a' $configuration)" "root:readiness-exporter 640"

sed -i 's/^  - name: server /  - name: shop /' $configuration
rpm --upgrade --nodeps /mnt/new.rpm
[ "$(cat /run/readiness-exporter.pid)" != "$process" ] || { echo "an upgrade does not restart the service"; exit 1; }
grep -q '^# A line of the new version' $configuration.rpmnew || { echo "the new configuration is not beside the old one"; exit 1; }
serve '^readiness_system_info{.*system="shop"'

rpm --erase readiness-exporter
expect "what runs after a removal" "$(processes)" ""
expect "what a removal leaves" "$(files | comm -13 /run/before - | grep -v ^/var/lib/readiness-exporter/)" \
	"/etc/readiness-exporter
/etc/readiness-exporter/readiness.yaml.rpmnew
/etc/readiness-exporter/readiness.yaml.rpmsave
/var/lib/readiness-exporter"
# rpm takes a script that fails for a warning.
expect "the requests to systemd" "$(cat /run/systemctl.log)" "daemon-reload
enable --now readiness-exporter.service
daemon-reload
try-restart readiness-exporter.service
daemon-reload
disable --now readiness-exporter.socket readiness-exporter.service
daemon-reload"
