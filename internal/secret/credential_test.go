package secret_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/secret"
)

// A confusion counts what a classifier makes of values of which the right answer is known.
type confusion struct {
	Found, Passed    int      // credentials that are found, other values that are passed over
	Missed, Mistaken []string // credentials that are not found, other values that are taken for one
}

func (c *confusion) add(name, value string, is bool) {
	switch holds := secret.Holds(name, value); {
	case is && holds:
		c.Found++
	case is:
		c.Missed = append(c.Missed, name+"="+value)
	case holds:
		c.Mistaken = append(c.Mistaken, name+"="+value)
	default:
		c.Passed++
	}
}

// ofCharts are names of variables of charts, each chart's with a typical value, marked + where it is a credential.
const ofCharts = `
airflow        - AIRFLOW_DATABASE_PASSWORD_FILE /opt/bitnami/airflow/secrets/password
airflow        + AIRFLOW__CORE__FERNET_KEY abc
airflow        + AIRFLOW__API_AUTH__JWT_SECRET my-jwt-secret
airflow        - AIRFLOW__API__SECRET_KEY_CMD cat:/opt/secret
airflow        + FLOWER_BASIC_AUTH flower:hunter2
airflow        + AIRFLOW__DATABASE__SQL_ALCHEMY_CONN postgresql+psycopg2://airflow:hunter2@db:5432/airflow
ambassador     + AMBASSADOR_LICENSE_KEY abc
apisix         + APISIX_ADMIN_API_TOKEN hunter2
apisix         - APISIX_ADMIN_API_TOKEN_FILE /run/token
appsmith       + APPSMITH_ENCRYPTION_SALT salty
appsmith       + APPSMITH_DB_URL mongodb://root:hunter2@mongo-0:27017,mongo-1:27017/appsmith
argo-cd        + ARGOCD_AUTH_TOKEN eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJhcmdvY2QifQ.c2lnbmF0dXJl
argo-cd        - ARGOCD_SERVER_NAME argocd-server
argo-cd        - ARGOCD_AUTH_TYPE oidc
atlantis       + ATLANTIS_GH_TOKEN abc
atlantis       + ATLANTIS_GITLAB_WEBHOOK_SECRET abc
atlantis       - ATLANTIS_GH_USER bot
buildkite      + BUILDKITE_AGENT_TOKEN hunter2
cassandra      + CASSANDRA_KEYSTORE_PASSWORD changeit
cassandra      - CASSANDRA_NUM_TOKENS 256
cassandra      - CASSANDRA_TLS_KEY /opt/certs/tls.key
centrifugo     + CENTRIFUGO_TOKEN_HMAC_SECRET_KEY abc
cert-manager   - POD_NAMESPACE cert-manager
cert-manager   - ACME_ACCOUNT_PRIVATE_KEY_SECRET_NAME letsencrypt
chartmuseum    + BASIC_AUTH_PASS hunter2
chartmuseum    - BASIC_AUTH_USER curator
chartmuseum    - AUTH_ANONYMOUS_GET true
clickhouse     + CLICKHOUSE_ADMIN_PASSWORD hunter2
cluster-autoscaler + AWS_SECRET_ACCESS_KEY wJalrXUtnFEMI
cluster-autoscaler + AWS_ACCESS_KEY_ID AKIAIOSFODNN7ABCDEFG
cluster-autoscaler - AWS_ACCESS_KEY_ID $(ACCESS_KEY_ID)
cluster-autoscaler - AWS_REGION eu-central-1
concourse      + CONCOURSE_SESSION_SIGNING_KEY abc
concourse      - CONCOURSE_SECRET_CACHE_DURATION 1m
concourse      - CONCOURSE_SECRET_RETRY_ATTEMPTS 5
concourse      - CONCOURSE_TSA_AUTHORIZED_KEYS /concourse-keys/worker_key.pub
concourse      - CONCOURSE_ENABLE_REDACT_SECRETS true
concourse      - CONCOURSE_COOKIE_SECURE true
concourse      - CONCOURSE_OAUTH_TOKEN_URL https://auth.example.com/token
concourse      - CONCOURSE_VAULT_AUTH_BACKEND_MAX_TTL 24h
consul         + CONSUL_GOSSIP_ENCRYPTION_KEY q0hu0Qg
couchdb        + COUCHDB_PASSWORD hunter2
datadog        + DD_API_KEY 0123456789abcdef0123456789abcdef
datadog        + DD_CLUSTER_AGENT_AUTH_TOKEN abcd
datadog        - DD_SITE datadoghq.eu
discourse      + DISCOURSE_SMTP_PASSWORD 123456
discourse      - DISCOURSE_SMTP_AUTH login
dex            + DEX_CLIENT_SECRET proxy
dremio         + DREMIO_KEYSTORE_PASSWORD abc
drone          + DRONE_RPC_SECRET hunter2
drone          - DRONE_GIT_ALWAYS_AUTH true
drone          + DRONE_DATABASE_DATASOURCE root:hunter2@tcp(mysql:3306)/drone?parseTime=true
elasticsearch  + ELASTIC_PASSWORD elastic
elasticsearch  - ELASTICSEARCH_KEYSTORE_LOCATION /usr/share/elasticsearch/keystore.p12
elasticsearch  - ELASTICSEARCH_ENABLE_SECURITY true
etcd           + ETCD_ROOT_PASSWORD hunter2
etcd           - ETCD_INITIAL_CLUSTER_TOKEN etcd-cluster-k8s
etcd           - ETCD_AUTH_TOKEN simple
etcd           - ETCD_AUTH_TOKEN jwt,priv-key=/opt/jwt-token.pem,sign-method=RS256,ttl=10m
etcd           - ETCD_KEY_FILE /opt/bitnami/etcd/certs/key.pem
etcd           - ETCD_TLS_SECRET_NAME etcd-tls
external-dns   + CF_API_TOKEN abc
external-dns   - GOOGLE_APPLICATION_CREDENTIALS /etc/secrets/service-account/credentials.json
external-dns   + EXTERNAL_DNS_RFC2136_TSIG_SECRET abcd
fluentd        - SPLUNK_TOKEN $(HEC_TOKEN)
fluentd        + FLUENTD_SHARED_KEY abcd
ghost          + GHOST_DATABASE_PASSWORD hunter2
ghost          - MYSQL_ALLOW_EMPTY_PASSWORD no
gitea          + GITEA__security__SECRET_KEY abcd
gitea          + GITEA__database__PASSWD abcd
gitea          - GITEA__security__PASSWORD_HASH_ALGO pbkdf2
gitlab         + GITLAB_ROOT_PASSWORD hunter2
gitlab         - GITLAB_ROOT_PASSWORD $(ROOT_PASSWORD)
gitlab-runner  + CI_SERVER_TOKEN glrt-abcdefghij0123456789
gitlab-runner  + REGISTRATION_TOKEN abcd
gocd           - AGENT_AUTO_REGISTER_KEY agents
grafana        + GF_SECURITY_ADMIN_PASSWORD strongpassword
grafana        - GF_SECURITY_ADMIN_PASSWORD__FILE /etc/secrets/password
grafana        + GF_DATABASE_URL mysql://grafana:hunter2@mysql:3306/grafana
grafana        - GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION true
grafana        - GF_AUTH_TOKEN_ROTATION_INTERVAL_MINUTES 10
grafana        - GF_AUTH_LDAP_ENABLED false
graylog        + GRAYLOG_PASSWORD_SECRET hunter2hunter2hunter2
harbor         + REGISTRY_HTTP_SECRET abcd
harbor         + HARBOR_ADMIN_PASSWORD Harbor12345
harbor         - TOKEN_SERVICE_URL http://harbor-core/service/token
harbor         + CORE_SECRET hunter2
influxdb       + DOCKER_INFLUXDB_INIT_ADMIN_TOKEN admintoken
influxdb       - INFLUXDB_HTTP_AUTH_ENABLED true
instana-agent  + INSTANA_AGENT_KEY abcd
instana-agent  - INSTANA_KUBERNETES_REDACT_SECRETS true
jenkins        + JENKINS_ADMIN_PASSWORD abcd
jenkins        + CASC_RELOAD_TOKEN jenkins-0
jenkins        - JENKINS_HTTPS_KEYSTORE_FILE jenkins.jks
jupyterhub     + CONFIGPROXY_AUTH_TOKEN abcd
kafka          + KAFKA_CLIENT_PASSWORDS abc,def
kafka          - KAFKA_CFG_SASL_ENABLED_MECHANISMS PLAIN
kafka          + KAFKA_CFG_SASL_JAAS_CONFIG PlainLoginModule required username="u" password="hunter2";
kafka          - KAFKA_CLIENT_PASSWORDS_FILE /opt/secrets/passwords
keycloak       + KC_BOOTSTRAP_ADMIN_PASSWORD hunter2
keycloak       + KC_DB_PASSWORD hunter2
keycloak       - KC_HTTPS_CERTIFICATE_KEY_FILE /opt/tls.key
keycloak       - KC_SPI_PASSWORD_HASHING_ITERATIONS 27500
kibana         + KIBANA_ELASTICSEARCH_PASSWORD hunter2
kong           + KONG_PG_PASSWORD hunter2
kong           - KONG_ADMIN_GUI_AUTH basic-auth
kong           - KONG_CLUSTER_CERT_KEY /etc/secrets/kong-cluster-cert/tls.key
kong           - KONG_PROXY_PASS http://backend:8080
kube-prometheus-stack - SECRET web-tls
kube-prometheus-stack - PROMETHEUS_WEB_TLS_SECRET prometheus-tls
linkerd        - LINKERD2_PROXY_IDENTITY_TOKEN_PATH /var/run/secrets/tokens/linkerd-identity-token
logstash       + LOGSTASH_PASSWORD hunter2
loki           + AZURE_STORAGE_ACCOUNT_KEY abcd
loki           + AZURE_STORAGE_CONNECTION_STRING DefaultEndpointsProtocol=https;AccountName=a;AccountKey=aGVsbG8=;EndpointSuffix=core.windows.net
magento        + MAGENTO_PASSWORD hunter2
mariadb        + MARIADB_ROOT_PASSWORD hunter2
mariadb        - MARIADB_ROOT_PASSWORD ${ROOT_PASSWORD}
mariadb        - MARIADB_RANDOM_ROOT_PASSWORD yes
mastodon       + OTP_SECRET abcd
mastodon       + SECRET_KEY_BASE abcd
mastodon       + VAPID_PRIVATE_KEY abcd
mastodon       - VAPID_PUBLIC_KEY BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA
mastodon       + ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT abcd
metabase       + MB_DB_PASS hunter2
metabase       + MB_ENCRYPTION_SECRET_KEY abcd
metabase       - MB_PASSWORD_COMPLEXITY strong
metabase       - MB_PASSWORD_LENGTH 12
metabase       - MB_SESSION_COOKIES true
metallb        - METALLB_ML_SECRET_KEY_PATH /etc/ml_secret_key
metallb        - METALLB_ML_SECRET_NAME memberlist
minio          + MINIO_ROOT_PASSWORD minio123
minio          + MINIO_SECRET_KEY minio123
minio          - MINIO_FORCE_NEW_KEYS no
minio          - MINIO_PROMETHEUS_AUTH_TYPE public
mongodb        + MONGODB_REPLICA_SET_KEY abcd
mongodb        + MONGODB_EXTRA_PASSWORDS abc
mongodb        - ALLOW_EMPTY_PASSWORD no
mongodb        + MONGODB_URI mongodb+srv://app:hunter2@cluster0.example.net/shop?retryWrites=true
mysql          + MYSQL_PWD hunter2
mysql          - MYSQL_DATABASE shop
neo4j          + NEO4J_AUTH neo4j/hunter2
neo4j          - NEO4J_AUTH none
newrelic       + NRIA_LICENSE_KEY abcd
nextcloud      + NEXTCLOUD_ADMIN_PASSWORD changeme
oauth2-proxy   + OAUTH2_PROXY_COOKIE_SECRET abcd
oauth2-proxy   - OAUTH2_PROXY_CLIENT_ID shop
oauth2-proxy   - OAUTH2_PROXY_REDIS_SENTINEL_CONNECTION_URLS redis://sentinel:26379
oauth2-proxy   - OAUTH2_PROXY_PASS_ACCESS_TOKEN true
odoo           + ODOO_PASSWORD bitnami
opensearch     + OPENSEARCH_INITIAL_ADMIN_PASSWORD hunter2
opentelemetry  + OTEL_EXPORTER_OTLP_HEADERS api-key=abcd
opentelemetry  - OTEL_EXPORTER_OTLP_HEADERS x-scope-orgid=shop
opentelemetry  + OTEL_EXPORTER_OTLP_HEADERS Authorization=Basic%20Z3JhZmFuYTpodW50ZXIy
parse          + PARSE_SERVER_MASTER_KEY abcd
parse          - PARSE_SERVER_MASTER_KEY_IPS 10.0.0.0/8
patroni        + PGPASSWORD_SUPERUSER tea
pgadmin4       + PGADMIN_DEFAULT_PASSWORD hunter2
pgadmin4       - PGPASSFILE /var/lib/pgadmin/pgpass
phpmyadmin     - PHPMYADMIN_ALLOW_NO_PASSWORD false
postgres-exporter + DATA_SOURCE_NAME postgresql://login:hunter2@localhost:5432/postgres?sslmode=disable
postgres-exporter + DATA_SOURCE_PASS hunter2
postgres-exporter - DATA_SOURCE_PASS_FILE /tmp/password
postgresql     + PGPASSWORD abc
postgresql     - POSTGRESQL_PASSWORD_ENCRYPTION scram-sha-256
postgresql     + POSTGRESQL_REPLICATION_PASSWORD 4096
prometheus-blackbox - BEARER_TOKEN_FILE /var/run/secrets/token
prometheus-pushgateway - PUSHGATEWAY_BASIC_AUTH_ENABLED true
rabbitmq       + RABBITMQ_ERL_COOKIE cookie
rabbitmq       - RABBITMQ_SECURE_PASSWORD yes
rabbitmq       - RABBITMQ_UPDATE_PASSWORD no
rabbitmq       + RABBITMQ_DEFAULT_PASS guest
rabbitmq       + AMQP_URL amqp://guest:guest@rabbitmq:5672/%2f
rabbitmq       - AMQP_ROUTING_KEY orders.created
redis          + REDISCLI_AUTH hunter2
redis          - REDIS_PASSWORD_FILE /opt/bitnami/redis/secrets/redis-password
redis          + REDIS_URL rediss://:hunter2@redis:6380/0
redis          - REDIS_URL redis://redis:6379/0
redis          + REDIS_EXTRA_FLAGS --requirepass hunter2
redmine        + REDMINE_DB_PASSWORD hunter2
sealed-secrets - SEALED_SECRETS_UPDATE_STATUS true
sealed-secrets - SEALED_SECRETS_KEY_TTL 720h
sentry         + SENTRY_SECRET_KEY abcd
sentry         - SENTRY_DSN https://public@sentry.example.com/1
sonarqube      + SONARQUBE_JDBC_PASSWORD sonar
spark          - SPARK_SSL_NEED_CLIENT_AUTH yes
spark          + SPARK_RPC_AUTHENTICATION_SECRET abcd
spring         + SPRING_DATASOURCE_URL jdbc:postgresql://db/shop?user=u&password=hunter2
spring         - SPRING_DATASOURCE_URL jdbc:postgresql://db/shop?ssl=true
superset       + SUPERSET_SECRET_KEY abcd
telegraf       - INFLUX_TOKEN vault:secret/data/influx#token
thanos         - OBJSTORE_CONFIG_SECRET thanos-objstore
tomcat         + TOMCAT_PASSWORD hunter2
traefik        + DO_AUTH_TOKEN abcd
vault          + VAULT_TOKEN hvs.CAESIJhunter2abcdefghijklmnop
vault          - VAULT_SKIP_VERIFY true
vault          - AGENT_INJECT_VAULT_AUTH_PATH auth/kubernetes
velero         - AWS_SHARED_CREDENTIALS_FILE /credentials/cloud
wordpress      + WORDPRESS_DATABASE_PASSWORD hunter2
wordpress      - WORDPRESS_TLS_SECRET web-tls
wordpress      - IMAGE_PULL_SECRET regcred
zipkin         + ZIPKIN_KEYSTORE_PASSWORD hunter2
zookeeper      + ZOO_SERVER_PASSWORDS abc
zookeeper      - ZOO_ENABLE_AUTH yes
zookeeper      - ZOO_TLS_CLIENT_AUTH none
`

func TestVariablesOfCharts(t *testing.T) {
	var got confusion
	charts := make(map[string]bool)
	for line := range strings.Lines(strings.TrimSpace(ofCharts)) {
		fields := strings.Fields(line)
		charts[fields[0]] = true
		got.add(fields[2], strings.Join(fields[3:], " "), fields[1] == "+")
	}
	require.GreaterOrEqual(t, len(charts), 50)
	require.Equal(t, confusion{Found: 106, Passed: 98}, got)
}

func TestCredentials(t *testing.T) {
	for name, test := range map[string]struct{ name, value, want string }{
		"a name in camel case":                      {"dbPassword", "abc", "abc"},
		"a name in parts":                           {"spring.datasource.password", "abc", "abc"},
		"a name in small letters":                   {"pgpassword", "abc", "abc"},
		"a name that is numbered":                   {"PASSWORD_2", "abc", "abc"},
		"a name that says the form":                 {"TOKEN_BASE64", "abcd", "abcd"},
		"digits as a password":                      {"DB_PASSWORD", "123456", "123456"},
		"the name of a Secret as a client's secret": {"CLIENT_SECRET", "web-tls", "web-tls"},
		"what no Secret can be called":              {"TLS_SECRET", "Hunter2!", "Hunter2!"},
		"what looks generated, by half a name":      {"PASSWORD_OF_SHOP", "x8Kq2mZ7vT4pLw9r", "x8Kq2mZ7vT4pLw9r"},
		"a private key":                             {"X", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n", "-----BEGIN RSA PRIVATE KEY-----\nMIIE"},
		"a private key of OpenSSH":                  {"X", "-----BEGIN OPENSSH PRIVATE KEY-----\\nb3Blb", "-----BEGIN OPENSSH PRIVATE KEY-----\\nb3Blb"},
		"a private key in base64":                   {"X", "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUUK", "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUUK"},
		"a token of GitHub":                         {"X", "ghp_0123456789abcdefghijABCDEFGHIJ012345", "ghp_0123456789abcdefghijABCDEFGHIJ012345"},
		"a token of GitHub in an address":           {"REPO", "https://ghp_0123456789abcdefghij@github.com/a/b", "ghp_0123456789abcdefghij"},
		"a token of GitLab":                         {"X", "glpat-abcdefghij0123456789", "glpat-abcdefghij0123456789"},
		"a token of Slack":                          {"X", "xoxb-123456789012-abcdefABCDEF", "xoxb-123456789012-abcdefABCDEF"},
		"a webhook of Slack":                        {"X", "https://hooks.slack.com/services/T000/B000/XXXX", "https://hooks.slack.com/services/T000/B000/XXXX"},
		"a key of Amazon":                           {"X", "AKIAIOSFODNN7ABCDEFG", "AKIAIOSFODNN7ABCDEFG"},
		"a key of Stripe":                           {"STRIPE", "sk_live_abcdefgh12345678", "sk_live_abcdefgh12345678"},
		"a JSON web token":                          {"X", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc"},
		"what follows Bearer":                       {"HEADERS", "Authorization: Bearer abcd1234efgh", "abcd1234efgh"},
		"an address of any scheme":                  {"X", "nats://u:hunter2@nats:4222", "hunter2"},
		"an address without a user":                 {"X", "redis://:hunter2@redis:6379", "hunter2"},
		"an address of several hosts":               {"X", "mongodb://u:hunter2@a:27017,b:27017/shop", "hunter2"},
		"a password that ought to be encoded":       {"X", "postgres://u:hun/ter#2@db/shop", "hun/ter#2"},
		"an address within a command":               {"ARGS", "--dsn postgres://u:hunter2@db/x --v=4", "hunter2"},
		"a proxy":                                   {"HTTPS_PROXY", "http://u:hunter2@proxy:3128", "hunter2"},
		"a data source of MySQL":                    {"DSN", "shop:hunter2@tcp(db:3306)/shop", "hunter2"},
		"a data source of MySQL on a socket":        {"DSN", "shop:hunter2@unix(/run/mysqld.sock)/shop", "hunter2"},
		"a data source of Oracle":                   {"DSN", "shop/hunter2@//db:1521/shop", "hunter2"},
		"a login before a host":                     {"BROKER", "shop:hunter2@broker:5672", "hunter2"},
		"a data source of libpq":                    {"DSN", "host=db user=shop password=hunter2 dbname=shop", "hunter2"},
		"a connection string":                       {"ConnectionStrings__Default", "Server=db;User Id=sa;Password=hunter2;Encrypt=true", "hunter2"},
		"a connection string of few letters":        {"X", "Server=db;Uid=sa;Pwd=hunter2;", "hunter2"},
		"a connection string of a bus":              {"X", "Endpoint=sb://bus.example.net/;SharedAccessKeyName=root;SharedAccessKey=aGVsbG8=", "aGVsbG8="},
		"a signature of a shared address":           {"X", "https://a.blob.core.windows.net/c?sv=2022&sig=abcdefghijklmnopqrstuvwxyz0123456789%3D", "abcdefghijklmnopqrstuvwxyz0123456789%3D"},
		"a password as an option":                   {"JAVA_OPTS", "-Xmx2g -Djavax.net.ssl.keyStorePassword=changeit", "changeit"},
		"a password within JSON":                    {"CONFIG", `{"user": "u", "password": "hunter2"}`, "hunter2"},
		"a password within a file":                  {"CONFIG", "user: u\npassword: hunter2\n", "hunter2"},
		"credentials in pairs":                      {"BASIC_AUTH", "admin:hunter2", "hunter2"},
		"a placeholder, which is judged to be one":  {"DB_PASSWORD", "<password>", "<password>"},
		"a default within a reference":              {"DB_PASSWORD", "${PASSWORD:-hunter2}", "${PASSWORD:-hunter2}"},
	} {
		t.Run(name, func(t *testing.T) {
			got, holds := secret.Credential(test.name, test.value)
			require.True(t, holds)
			require.Equal(t, test.want, got)
		})
	}
}

func TestWhatIsNoCredential(t *testing.T) {
	for name, test := range map[string]struct{ name, value string }{
		"nothing":                            {"PASSWORD", ""},
		"a switch":                           {"ALLOW_EMPTY_PASSWORD", "no"},
		"a switch by its value":              {"RABBITMQ_SECURE_PASSWORD", "yes"},
		"a switch as a digit":                {"REQUIRE_TOKEN", "1"},
		"a limit":                            {"MAX_TOKEN", "4096"},
		"a number of tokens":                 {"DEFAULT_TOKENS", "128000"},
		"a time to live":                     {"TOKEN_TTL", "3600"},
		"a duration":                         {"ACCESS_TOKEN_EXPIRES_IN", "15m"},
		"a length":                           {"PASSWORD_MIN_LENGTH", "12"},
		"a name of a Secret":                 {"TLS_SECRET", "web-tls"},
		"a name of a Secret for images":      {"IMAGE_PULL_SECRET", "regcred"},
		"a name of a Secret, by its value":   {"DB_SECRET", "postgres-credentials"},
		"a name of a Secret and its space":   {"SSL_SECRET", "shop/web-tls"},
		"a name of a Secret, as it is named": {"POSTGRES_SECRET_NAME", "postgres"},
		"a key within a Secret":              {"PASSWORD_KEY", "postgres-password"},
		"a path":                             {"DB_PASSWORD_FILE", "/run/secrets/db"},
		"a path by its value":                {"DB_PASSWORD", "/run/secrets/db"},
		"a file":                             {"TLS_PRIVATE_KEY", "tls.key"},
		"an address":                         {"TOKEN_URL", "https://auth.example.com/token"},
		"an address with a port and an @":    {"X", "http://registry:8080/@scope/package"},
		"an address with a user alone":       {"REPO", "ssh://git@github.com/a/b"},
		"an address with a query":            {"X", "https://example.com:443/?mail=a@b.example"},
		"a reference":                        {"DB_PASSWORD", "$(POSTGRES_PASSWORD)"},
		"a reference within an address":      {"URL", "postgres://u:$(PGPASSWORD)@db/x"},
		"references alone":                   {"BASIC_AUTH", "$(USER):$(PASSWORD)"},
		"a reference of a shell":             {"URL", "postgres://u:${PGPASSWORD}@db/x"},
		"a reference to a store":             {"DB_PASSWORD", "vault:secret/data/db#password"},
		"a reference to a manager":           {"DB_PASSWORD", "arn:aws:secretsmanager:eu-west-1:1:secret:db"},
		"a template of a program":            {"URL", "postgres://{user}:{password}@db/x"},
		"a public key":                       {"JWT_PUBLIC_KEY", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"},
		"a certificate":                      {"CA", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"},
		"a key of a partition":               {"PARTITION_KEY", "customer-id"},
		"a key of a message":                 {"ROUTING_KEY", "orders.created"},
		"a key of a cache":                   {"CACHE_KEY", "shop-v2"},
		"the working directory":              {"PWD", "/app"},
		"another working directory":          {"OLDPWD", "/srv"},
		"a pass of another sort":             {"FIRST_PASS", "fast"},
		"an image":                           {"IMAGE", "registry.example.com/shop/web:1.2@sha256:0123456789abcdef"},
		"a time":                             {"AT", "12:30@daily"},
		"an option that is none":             {"ARGS", "--token-ttl=3600 --password-file=/run/p --max-tokens 4096 --tls-secret=web-tls"},
		"a keyboard":                         {"KEYBOARD", "us"},
		"a monkey":                           {"MONKEY", "abc"},
		"a bypass":                           {"BYPASS", "all"},
		"a compass":                          {"COMPASS", "north"},
		"a tokenizer":                        {"TOKENIZER", "bert"},
		"a secretary":                        {"SECRETARY", "jane"},
		"an address of mail":                 {"CONTACT", "jane@example.com"},
		"a sentence":                         {"MESSAGE", "Enter your password: it is required"},
	} {
		t.Run(name, func(t *testing.T) {
			got, holds := secret.Credential(test.name, test.value)
			require.False(t, holds, got)
		})
	}
}
