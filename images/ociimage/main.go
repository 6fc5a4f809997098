// Command ociimage writes an image of images/Dockerfile as an archive, without docker, buildah or root: the same bytes from
// the same files, so that one commit has one digest.
//
//	ociimage -context=dist/images/context -arg=TASK=ingest -arg=REVISION=… -created=1700000000 -name=clientele.local/ingest:1 -out=ingest.tar
//	ociimage -saved=saved.tar -created=1700000000 -name=clientele.local/ingest:1 -out=ingest.tar
//
// The second form takes what another builder has built from images/Dockerfile, and writes the very same archive. Both print
// the manifest's digest. The standard library is all it needs.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "ociimage:", err)
		os.Exit(1)
	}
}

func run(arguments []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("ociimage", flag.ContinueOnError)
	dockerfile := flags.String("dockerfile", "images/Dockerfile", "build from this Dockerfile")
	context := flags.String("context", "", "the folder that its COPY reads")
	arch := flags.String("arch", "amd64", "the programs' architecture, in Go's names")
	savedFile := flags.String("saved", "", "instead: take the image from this docker-archive")
	name := flags.String("name", "", "the image's name, with a tag")
	created := flags.Int64("created", 0, "the time of everything in it, in seconds since 1970")
	out := flags.String("out", "", "the archive to write")
	args := map[string]string{}
	flags.Func("arg", "a value for the Dockerfile's ARG, NAME=value; may come again", func(text string) error {
		key, value, err := parseArg(text)
		args[key] = value
		return err
	})
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if *name == "" || *out == "" || (*context == "") == (*savedFile == "") || flags.NArg() > 0 {
		return fmt.Errorf("want -name, -out and one of -context and -saved, and nothing else")
	}
	image, err := load(*dockerfile, *context, *savedFile, args, *arch)
	if err != nil {
		return err
	}
	digest, err := writeFile(image, *out, *name, time.Unix(*created, 0))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, digest)
	return err
}

func load(dockerfile, context, savedFile string, args map[string]string, arch string) (*Image, error) {
	if savedFile != "" {
		f, err := os.Open(savedFile)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		return Read(f)
	}
	text, err := os.ReadFile(dockerfile)
	if err != nil {
		return nil, err
	}
	return build(string(text), os.DirFS(context), args, arch)
}

// writeFile writes the archive whole or not at all.
func writeFile(image *Image, out, name string, created time.Time) (digest string, err error) {
	f, err := os.CreateTemp(filepath.Dir(out), ".image-*")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	digest, err = image.Write(f, name, created)
	if err != nil {
		_ = f.Close()
		return "", err
	}
	if err := f.Chmod(0o644); err != nil {
		_ = f.Close()
		return "", err
	}
	if err := f.Close(); err != nil {
		return "", err
	}
	return digest, os.Rename(f.Name(), out)
}
