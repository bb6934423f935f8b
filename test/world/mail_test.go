package world_test

import (
	"crypto/tls"
	"net/http"
	"net/smtp"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

const mailText = "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n" +
	"--x\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Type: text/html\r\n\r\n<b>1 =3D=\r\n 1</b>\r\n.\r\n--x--\r\n"

func TestAMailServerKeepsWhatItTakesAfterALogin(t *testing.T) {
	ca := world.NewCA(t, world.Spec{})
	server := world.NewMailServer(t, ca.Issue(t, world.Spec{}))
	client, err := smtp.Dial(server.Addr)
	require.NoError(t, err)
	require.NoError(t, client.StartTLS(&tls.Config{RootCAs: ca.Pool(), ServerName: "localhost"}))
	require.NoError(t, client.Auth(smtp.PlainAuth("", world.MailUser, world.MailPassword, "127.0.0.1")))
	require.NoError(t, client.Mail("me@example.com"))
	require.NoError(t, client.Rcpt("you@example.com"))
	require.NoError(t, client.Rcpt("all@example.com"))
	writer, err := client.Data()
	require.NoError(t, err)
	_, err = writer.Write([]byte(mailText))
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	require.NoError(t, client.Quit())
	require.Equal(t, []world.Mail{{
		From: "me@example.com", To: []string{"you@example.com", "all@example.com"}, Subject: "Grüße", Body: "<b>1 = 1</b>\n.",
	}}, server.Mails())
}

func TestAMailServerFailsATestThatDoesNotLogIn(t *testing.T) {
	ca := world.NewCA(t, world.Spec{})
	double := &recorder{TB: t, failed: make(chan string, 1)}
	server := world.NewMailServer(double, ca.Issue(t, world.Spec{}))
	client, err := smtp.Dial(server.Addr)
	require.NoError(t, err)
	require.NoError(t, client.StartTLS(&tls.Config{RootCAs: ca.Pool(), ServerName: "localhost"}))
	require.Error(t, client.Mail("me@example.com"))
	require.Contains(t, <-double.failed, "unexpected command")
}

func TestAWebhookKeepsNotificationsByPath(t *testing.T) {
	webhook := world.NewWebhook(t)
	for path, body := range map[string]string{
		"/pager": `{"receiver": "pager", "status": "firing", "alerts": [{"status": "firing", "labels": {"alertname": "Down"}}]}`,
		"/slack": `{"channel": "#readiness"}`,
	} {
		response, err := http.Post(webhook.URL+path, "application/json", strings.NewReader(body))
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
	}
	require.Len(t, webhook.Posts(), 2)
	require.Equal(t, []world.Notification{{
		Receiver: "pager", Status: model.AlertStatus("firing"),
		Alerts: []world.NotifiedAlert{{Status: "firing", Labels: model.LabelSet{"alertname": "Down"}}},
	}}, webhook.Notifications(t, "/pager"))
}
