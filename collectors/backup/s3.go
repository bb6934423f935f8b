package backup

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

const (
	// maximumTries is how often a request is sent before its failure counts.
	maximumTries = 3
	// maximumAnswer is more than a page of 1000 objects takes whose names have 1024 bytes, each written %XX.
	maximumAnswer = 4 << 20
)

// listBucket lists the newest versions of the objects in a bucket.
func listBucket(ctx context.Context, bucket system.S3) (*copies, error) {
	where := fmt.Sprintf("list backups in bucket %s of %s", bucket.Bucket, bucket.Endpoint)
	accessKey, secretKey, err := keys(bucket)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	transport, err := newTransport(bucket.CAFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	defer transport.CloseIdleConnections()
	login := credentials.NewStaticV4(accessKey.Reveal(), secretKey.Reveal(), "")
	if accessKey.Empty() {
		// The authorities of the store say nothing of those who give out roles.
		roles, err := newTransport("")
		if err != nil {
			return nil, err
		}
		defer roles.CloseIdleConnections()
		login = credentials.New(&credentials.IAM{Client: &http.Client{Transport: roles}, Region: bucket.Region})
	}
	client, err := newClient(bucket, login, transport)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	kept, err := listObjects(ctx, client, bucket)
	if err != nil {
		text := words.Excerpt(secret.Redact(err.Error(), secretKey, accessKey))
		return nil, fact.Errorf(storeReason(err), "%s: %s", where, text)
	}
	return kept, nil
}

// keys gives the declared credentials; both are empty where none are declared.
func keys(bucket system.S3) (accessKey, secretKey secret.Value, err error) {
	if accessKey, err = secret.Read(bucket.AccessKeyFile, bucket.AccessKeyEnv); err != nil {
		return accessKey, secretKey, err
	}
	if secretKey, err = secret.Read(bucket.SecretKeyFile, bucket.SecretKeyEnv); err != nil {
		return accessKey, secretKey, err
	}
	declared := bucket.AccessKeyFile != "" || bucket.AccessKeyEnv != ""
	if declared && (accessKey.Empty() || secretKey.Empty()) {
		// An empty key would turn into another login, or into none.
		err = fact.Errorf(fact.ReasonInvalid, "the declared access key or secret key is empty")
	}
	return accessKey, secretKey, err
}

func newClient(bucket system.S3, login *credentials.Credentials, transport http.RoundTripper) (*minio.Client, error) {
	endpoint, err := url.Parse(bucket.Endpoint)
	if err != nil {
		return nil, err
	}
	lookup := minio.BucketLookupAuto
	if bucket.PathStyle {
		lookup = minio.BucketLookupPath
	}
	return minio.New(endpoint.Host, &minio.Options{
		Creds: login, Secure: endpoint.Scheme == "https", Transport: checkedAnswers{transport},
		Region: bucket.Region, BucketLookup: lookup, MaxRetries: maximumTries,
	})
}

func newTransport(caFile string) (*http.Transport, error) {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
	}
	if caFile == "" {
		return transport, nil
	}
	content, err := pki.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("read its authorities: %w", err)
	}
	transport.TLSClientConfig.RootCAs = x509.NewCertPool()
	if !transport.TLSClientConfig.RootCAs.AppendCertsFromPEM(content) {
		return nil, fact.Errorf(fact.ReasonInvalid, "read its authorities: %s holds no PEM certificate", caFile)
	}
	return transport, nil
}

func listObjects(ctx context.Context, client *minio.Client, bucket system.S3) (*copies, error) {
	// The iterator asks that its context ends when it is left early.
	listing, cancel := context.WithCancel(ctx)
	defer cancel()
	kept := &copies{}
	dates, err := newDates(bucket.DateFormat)
	if err != nil {
		return nil, err
	}
	owners := false
	for object := range client.ListObjectsIter(listing, bucket.Bucket, minio.ListObjectsOptions{
		Prefix: bucket.Prefix, Recursive: true, FetchOwner: &owners,
	}) {
		if object.Err != nil {
			return nil, object.Err
		}
		// Stores show folders as empty objects with a slash at the end.
		if strings.HasSuffix(object.Key, "/") || !counts(path.Base(object.Key), bucket.Pattern) {
			continue
		}
		if object.LastModified.IsZero() {
			return nil, fact.Errorf(fact.ReasonInvalid, "object %s has no time", words.Excerpt(object.Key))
		}
		stored := sign{fact.DatedByStore, system.Span{Start: object.LastModified}}
		if err := kept.addSigned(object.Key, object.Size, dates, stored); err != nil {
			return nil, err
		}
	}
	// A listing whose context has ended stops without a word.
	return kept, ctx.Err()
}

// storeReason reads the reason from an error of a store.
func storeReason(err error) fact.Reason {
	var syntax *xml.SyntaxError
	var unmarshal xml.UnmarshalError
	var date *time.ParseError
	if errors.As(err, &syntax) || errors.As(err, &unmarshal) || errors.As(err, &date) ||
		errors.Is(err, errLongAnswer) || errors.Is(err, errNoListing) {
		return fact.ReasonInvalid
	}
	answer := minio.ToErrorResponse(err)
	switch answer.Code {
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", minio.AuthorizationHeaderMalformed,
		"XAdminUserNotFound": // versitygw's word, with status 404, for an access key that it does not know
		return fact.ReasonDenied
	}
	switch answer.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fact.ReasonDenied
	case http.StatusNotFound:
		return fact.ReasonNotFound
	}
	return fact.ReasonOf(err)
}

var (
	errLongAnswer = fmt.Errorf("the answer is longer than %d bytes", maximumAnswer)
	errNoListing  = errors.New("the answer is no listing of a bucket")
)

// checkedAnswers ends answers that are longer than any listing, and does not let another page pass for an empty listing,
// as a reader of XML does.
type checkedAnswers struct{ inner http.RoundTripper }

func (c checkedAnswers) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := c.inner.RoundTrip(request)
	switch {
	case errors.Is(err, io.EOF): // minio would put words of its own in its place.
		return nil, fact.Errorf(fact.ReasonUnreachable, "the store closed the connection without an answer")
	case err != nil && fact.ReasonOf(err) == fact.ReasonFailed && request.Context().Err() == nil:
		// It is none of the network: the store does not speak HTTP, or shows a certificate that does not verify.
		return nil, fact.Errorf(fact.ReasonInvalid, "%w", err)
	case err != nil:
		return nil, err
	}
	body := &boundedBody{response.Body, bufio.NewReader(response.Body), maximumAnswer}
	response.Body = body
	if request.URL.Query().Has("list-type") && response.StatusCode == http.StatusOK {
		if start, err := body.buffered.Peek(512); !bytes.Contains(start, []byte("ListBucketResult")) {
			response.Body.Close()
			if err != nil && !errors.Is(err, io.EOF) {
				return nil, err
			}
			return nil, errNoListing
		}
	}
	return response, nil
}

type boundedBody struct {
	io.Closer
	buffered *bufio.Reader
	left     int
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLongAnswer
	}
	n, err := b.buffered.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
