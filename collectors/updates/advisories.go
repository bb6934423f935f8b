package updates

import (
	"bufio"
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rpm"
)

// The bounds of what comes out of a file of advisories, and of one element or text of it.
const (
	maximumAdvisories = 512 << 20
	maximumToken      = 4 << 20
	maximumAdvised    = 50_000 // packages of one advisory
)

// An advisory is one of security, with what it has of packages that are installed.
type advisory struct {
	security bool
	issued   time.Time
	module   string // the stream of the packages that follow: "nodejs:18"
	packages []advised
}

type advised struct {
	key, module string
	version     rpm.Version
}

// readAdvisories notes what a file of advisories (updateinfo.xml) offers of packages that are installed. It tells whether one of them is of
// the distribution itself: then it has those of the distribution.
func (i rpmInventory) readAdvisories(ctx context.Context, files fs.FS, name string) (covers bool, err error) {
	about, err := fs.Stat(files, name)
	if err != nil {
		return false, unreadable(err)
	}
	if !about.Mode().IsRegular() {
		return false, fact.Errorf(fact.ReasonInvalid, "/%s: expected a regular file", name)
	}
	file, err := files.Open(name)
	if err != nil {
		return false, unreadable(err)
	}
	defer file.Close()
	plain, closePlain, err := unpacked(file, path.Ext(name))
	if err != nil {
		return false, fact.Errorf(fact.ReasonOf(err), "/%s: %w", name, err)
	}
	defer closePlain()
	if covers, err = i.parseAdvisories(ctx, plain); err != nil && ctx.Err() == nil {
		err = fact.Errorf(fact.ReasonInvalid, "/%s: %w", name, err)
	}
	return covers, err
}

// parseAdvisories reads tokens, of which none can be large, and keeps no more of them than what is offered.
func (i rpmInventory) parseAdvisories(ctx context.Context, from io.Reader) (covers bool, err error) {
	whole := &io.LimitedReader{R: from, N: maximumAdvisories}
	token := &io.LimitedReader{R: whole}
	decoder := xml.NewDecoder(bufio.NewReader(token))
	var current advisory
	for depth, count := 0, 0; ; count++ {
		if count%1000 == 0 && ctx.Err() != nil {
			return covers, context.Cause(ctx)
		}
		token.N = maximumToken
		read, err := decoder.RawToken()
		switch {
		case token.N == 0:
			return covers, errors.New("an element has more than " + strconv.Itoa(maximumToken>>20) + " MiB")
		case whole.N == 0:
			return covers, errors.New("expected at most " + strconv.Itoa(maximumAdvisories>>20) + " MiB")
		case errors.Is(err, io.EOF) && depth == 0 && count > 0:
			return covers, nil
		case errors.Is(err, io.EOF):
			return covers, io.ErrUnexpectedEOF
		case err != nil:
			return covers, err
		}
		switch element := read.(type) {
		case xml.StartElement:
			depth++
			if err := i.start(&current, element); err != nil {
				return covers, err
			}
		case xml.EndElement:
			depth--
			switch element.Name.Local {
			case "collection":
				current.module = ""
			case "update":
				covers = i.offer(current) || covers
				current = advisory{}
			}
		}
	}
}

func (i rpmInventory) start(current *advisory, element xml.StartElement) error {
	if name := element.Name.Local; name != "update" && name != "issued" && name != "module" && name != "package" {
		return nil
	}
	attributes := make(map[string]string, len(element.Attr))
	for _, each := range element.Attr {
		attributes[each.Name.Local] = each.Value
	}
	switch element.Name.Local {
	case "update":
		*current = advisory{security: attributes["type"] == "security"}
	case "issued":
		current.issued = dateOf(attributes["date"])
	case "module":
		current.module = attributes["name"] + ":" + attributes["stream"]
	case "package":
		key := attributes["name"] + "." + attributes["arch"]
		if _, there := i.packages[key]; !there || !current.security {
			return nil
		}
		epoch, err := strconv.ParseUint(cmp.Or(attributes["epoch"], "0"), 10, 32)
		if err != nil || len(current.packages) == maximumAdvised {
			return errors.New("an advisory has a package whose epoch is none, or more than " + strconv.Itoa(maximumAdvised) + " packages")
		}
		current.packages = append(current.packages, advised{key, current.module, rpm.Version{
			Epoch: uint32(epoch), Version: attributes["version"], Release: attributes["release"],
		}})
	}
	return nil
}

// offer notes the packages of an advisory that are newer than what is installed, and tells whether one of them, newer or not, is of the
// distribution. Packages of a stream of a module are for those who enabled it.
func (i rpmInventory) offer(of advisory) (covers bool) {
	for _, each := range of.packages {
		installed := i.packages[each.key]
		covers = covers || installed.Vendor == i.vendor
		if each.module != "" && !i.streams[each.module] && !strings.HasPrefix(installed.Module, each.module+":") {
			continue
		}
		if each.version.Compare(installed.Version) <= 0 {
			continue
		}
		if each.version.Compare(installed.offered) > 0 {
			installed.offered = each.version
		}
		switch {
		case of.issued.IsZero():
			installed.undated = true
		case installed.issued.IsZero() || of.issued.Before(installed.issued):
			installed.issued = of.issued
		}
	}
	return covers
}

// dateOf reads the date of an advisory, of which distributions have several forms; zero where it is none.
func dateOf(text string) time.Time {
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(seconds, 0).UTC()
	}
	for _, form := range []string{time.DateTime, time.DateOnly, time.RFC3339, "2006-01-02 15:04:05 MST", "2006-01-02 15:04"} {
		if date, err := time.Parse(form, text); err == nil {
			return date.UTC()
		}
	}
	return time.Time{}
}
