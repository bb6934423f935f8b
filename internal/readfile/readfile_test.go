package readfile_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
)

func TestARegularFileIsReadWhole(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	require.NoError(t, os.WriteFile(file, []byte("content"), 0o600))
	require.NoError(t, os.Symlink(file, link))
	for _, path := range []string{file, link} {
		content, err := readfile.Read(path, 7)
		require.NoError(t, err)
		require.Equal(t, "content", string(content))
	}
	content, err := readfile.Read("/proc/self/stat", 1<<10) // of which the system says that it has no bytes
	require.NoError(t, err)
	require.NotEmpty(t, content)
}

func TestWhatIsNoRegularFileIsNotRead(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.Mkdir(in("folder"), 0o700))
	require.NoError(t, syscall.Mkfifo(in("pipe"), 0o600))
	require.NoError(t, os.Symlink("/dev/zero", in("zero")))
	require.NoError(t, os.Symlink(in("pipe"), in("link")))
	require.NoError(t, os.Symlink(in("loop"), in("loop")))
	socket, err := net.Listen("unix", in("socket"))
	require.NoError(t, err)
	defer socket.Close()
	require.NoError(t, os.WriteFile(in("large"), nil, 0o600))
	require.NoError(t, os.Truncate(in("large"), 10<<30))
	for name, want := range map[string]struct {
		is   error
		says string
	}{
		"folder":  {readfile.ErrNotRegular, "not a regular file: it is a folder"},
		"pipe":    {readfile.ErrNotRegular, "not a regular file: it is a named pipe"},
		"link":    {readfile.ErrNotRegular, "not a regular file: it is a named pipe"},
		"zero":    {readfile.ErrNotRegular, "not a regular file: it is a device"},
		"socket":  {readfile.ErrNotRegular, "not a regular file: it is a socket"},
		"large":   {readfile.ErrTooLarge, "too large: expected at most 100 bytes"},
		"missing": {fs.ErrNotExist, "no such file or directory"},
		"loop":    {syscall.ELOOP, "too many levels of symbolic links"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readfile.Read(in(name), 100)
			require.ErrorIs(t, err, want.is)
			var known *fs.PathError
			require.ErrorAs(t, err, &known)
			require.Equal(t, in(name), known.Path)
			require.EqualError(t, known.Err, want.says)
		})
	}
}

func TestAPipeInPlaceOfAFileThatWasThereIsNotWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 200 {
			if _, err := readfile.Read(path, 100); err != nil {
				continue
			}
		}
	}()
	for alive := true; alive; {
		os.Remove(path)
		_ = syscall.Mkfifo(path, 0o600)
		os.Remove(path)
		_ = os.WriteFile(path, []byte("x"), 0o600)
		select {
		case <-done:
			alive = false
		default:
		}
	}
}

func TestAFileThatChangesWhileItIsReadIsNotTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, make([]byte, 1<<20), 0o600))
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		defer file.Close()
		for size := int64(1 << 20); ; size ^= 1 {
			select {
			case <-stop:
				return
			default:
				_ = file.Truncate(size)
			}
		}
	}()
	for err == nil {
		_, err = readfile.Read(path, 1<<21)
	}
	require.ErrorIs(t, err, readfile.ErrChanging)
	close(stop)
	<-done
	_, err = readfile.Read(path, 1<<21)
	require.NoError(t, err)
}

func TestFilesOfAFileSystemAreReadLikewise(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte("content"), 0o600))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	require.NoError(t, os.Symlink("/dev/zero", filepath.Join(dir, "zero")))
	content, err := readfile.ReadIn(os.DirFS(dir), "file", 7)
	require.NoError(t, err)
	require.Equal(t, "content", string(content))
	for name, want := range map[string]error{"file": readfile.ErrTooLarge, "pipe": readfile.ErrNotRegular, "zero": readfile.ErrNotRegular, "none": fs.ErrNotExist} {
		_, err := readfile.ReadIn(os.DirFS(dir), name, 6)
		require.ErrorIs(t, err, want, name)
	}
}

func TestOnlyAFolderIsOpenedAsOne(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	_, err := readfile.OpenFolder(pipe)
	require.ErrorIs(t, err, syscall.ENOTDIR)
	folder, err := readfile.OpenFolder(dir)
	require.NoError(t, err)
	defer folder.Close()
	names, err := folder.Readdirnames(-1)
	require.NoError(t, err)
	require.Equal(t, []string{"pipe"}, names)
}

func TestWhatAShellPutsInThePlaceOfAFileIsReadToItsEnd(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	ended, end := context.WithCancelCause(t.Context())
	end(errors.New("nobody writes"))
	pipe := filepath.Join(dir, "pipe")
	_, err := readfile.ReadGiven(ended, pipe, 10)
	require.EqualError(t, err, "read "+pipe+": nobody writes")
	released, err := os.OpenFile(pipe, os.O_RDWR, 0) // whoever waited still
	require.NoError(t, err)
	require.NoError(t, released.Close())
	_, err = readfile.ReadGiven(t.Context(), "/dev/zero", 10)
	require.ErrorIs(t, err, readfile.ErrTooLarge)
	_, err = readfile.ReadGiven(t.Context(), dir, 10)
	require.ErrorIs(t, err, syscall.EISDIR)

	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	defer reader.Close()
	given := fmt.Sprintf("/proc/self/fd/%d", reader.Fd())
	go func() {
		_, _ = writer.WriteString("con")
		_, _ = writer.WriteString("tent")
		writer.Close()
	}()
	content, err := readfile.ReadGiven(t.Context(), given, 10)
	require.NoError(t, err)
	require.Equal(t, "content", string(content))
}
