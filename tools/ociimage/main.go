// Command ociimage writes the image of images/Dockerfile as an archive: the same files give the same bytes, whichever builder
// made the image, so that a commit has one digest.
//
//	ociimage -context=context -arg=TASK=ingest -arg=REVISION=… -created=1700000000 -name=clientele.local/ingest:1 -out=ingest.tar
//	ociimage -saved=saved.tar -created=1700000000 -name=clientele.local/ingest:1 -out=ingest.tar
//	ociimage -base=saved.tar -context=context -created=1700000000 -name=clientele.local/spark:1 -out=spark.tar
//	ociimage push -to=region-docker.pkg.dev/project/clientele dist/images/*.tar
//	ociimage serve
//
// The first form builds the image itself, without docker, buildah or root. The second takes what `docker save` wrote of an
// image that another builder made from images/Dockerfile. The third adds the context to an image of `docker save`, as one
// layer. All print the digest of the image's manifest.
// push copies such archives to a registry; serve is a registry in memory.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

func main() {
	if err := command(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ociimage:", err)
		os.Exit(1)
	}
}

func command(arguments []string) error {
	switch {
	case len(arguments) > 0 && arguments[0] == "push":
		return runPush(arguments[1:], os.Stdout)
	case len(arguments) == 1 && arguments[0] == "serve":
		return runServe(os.Stdin, os.Stdout)
	}
	return run(arguments, os.Stdout)
}

func run(arguments []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("ociimage", flag.ContinueOnError)
	context := flags.String("context", "", "build images/Dockerfile from this `folder`")
	saved := flags.String("saved", "", "or: take the image from this docker-archive `file`")
	base := flags.String("base", "", "with -context: add its files to the image in this docker-archive `file`")
	name := flags.String("name", "", "the image's name, with a tag")
	created := flags.Int64("created", 0, "the time of everything in the image, in `seconds` since 1970")
	out := flags.String("out", "", "the archive `file` to write")
	args := map[string]string{}
	flags.Func("arg", "a value for an ARG of the Dockerfile, `NAME=value`; repeatable", func(text string) error {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			return fmt.Errorf("want NAME=value (got %q)", text)
		}
		args[key] = value
		return nil
	})
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if *name == "" || *out == "" || (*context == "") == (*saved == "") || (*base != "" && *context == "") || flags.NArg() > 0 {
		return fmt.Errorf("want -name, -out and one of -context and -saved, and nothing else")
	}
	var data []byte
	var digest string
	var err error
	if *base != "" {
		data, digest, err = added(*base, *context, *name, time.Unix(*created, 0))
	} else {
		var image *contents
		if image, err = load(*context, *saved, args); err == nil {
			data, digest, err = image.archive(*name, time.Unix(*created, 0))
		}
	}
	if err != nil {
		return err
	}
	if err := os.WriteFile(*out, data, 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, digest)
	return err
}

// added makes the archive of a base with the files of a folder.
func added(base, context, called string, created time.Time) (data []byte, digest string, err error) {
	c := &contents{files: map[string]file{}}
	if err := c.addFolder(os.DirFS(context)); err != nil {
		return nil, "", err
	}
	image, err := c.onto(base, created)
	if err != nil {
		return nil, "", err
	}
	return archive(image, called)
}

func load(context, saved string, args map[string]string) (*contents, error) {
	if saved != "" {
		return fromSaved(saved)
	}
	dockerfile, err := os.ReadFile("images/Dockerfile")
	if err != nil {
		return nil, err
	}
	return fromDockerfile(string(dockerfile), os.DirFS(context), args)
}
