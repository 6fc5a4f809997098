package main

import (
	"archive/tar"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// runPush copies archives to a registry with the digests that they have: docker push compresses layers again, and the registry
// then has another digest than images.json. It prints each image's name by digest.
//
// An image that is there already is not sent again; a tag that is there with another digest is refused, whatever the registry
// allows. Credentials are docker's (~/.docker/config.json and its helpers).
func runPush(arguments []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("ociimage push", flag.ContinueOnError)
	to := flags.String("to", "", "the `prefix` of the images' names in the registry")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if *to == "" || flags.NArg() == 0 {
		return errors.New("push: want -to and the archives")
	}
	for _, archive := range flags.Args() {
		pushed, err := push(archive, *to)
		if err != nil {
			return fmt.Errorf("%s: %w", archive, err)
		}
		if _, err := fmt.Fprintln(stdout, pushed); err != nil {
			return err
		}
	}
	return nil
}

// runServe is a registry in memory, for tests and the demonstration. It prints its address and ends with its standard input.
func runServe(stdin io.Reader, stdout io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: registry.New(registry.Logger(log.New(io.Discard, "", 0))), ReadHeaderTimeout: 10 * time.Second}
	if _, err := fmt.Fprintln(stdout, listener.Addr()); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, stdin)
		_ = server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// push copies an archive's image and returns its name by digest.
func push(archive, prefix string) (string, error) {
	folder, err := os.MkdirTemp("", "ocipush")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(folder)
	if err := unpack(archive, folder); err != nil {
		return "", err
	}
	index, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		return "", err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return "", err
	}
	if len(manifest.Manifests) != 1 {
		return "", fmt.Errorf("want one image (got %d)", len(manifest.Manifests))
	}
	digest := manifest.Manifests[0].Digest
	image, err := index.Image(digest)
	if err != nil {
		return "", err
	}
	tag := manifest.Manifests[0].Annotations["org.opencontainers.image.ref.name"]
	task := strings.TrimSuffix(filepath.Base(archive), ".tar")
	ref, err := name.NewTag(prefix+"/"+task+":"+tag, name.StrictValidation)
	if err != nil {
		return "", err
	}
	return ref.Context().Digest(digest.String()).Name(), write(ref, image, digest)
}

// write sends the image unless its tag is there; with another digest it is refused.
func write(ref name.Tag, image v1.Image, digest v1.Hash) error {
	auth := remote.WithAuthFromKeychain(authn.DefaultKeychain)
	there, err := remote.Head(ref, auth)
	var answer *transport.Error
	switch {
	case err == nil && there.Digest == digest:
		return nil
	case err == nil:
		return fmt.Errorf("%s is %s there, and %s here: a tag never moves", ref, there.Digest, digest)
	case errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound:
		return remote.Write(ref, image, auth)
	}
	return err
}

// unpack writes an archive's files into a folder.
func unpack(archive, folder string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	for files := tar.NewReader(f); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		if err := root.MkdirAll(filepath.Dir(header.Name), 0o755); err != nil {
			return err
		}
		out, err := root.Create(header.Name)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, files)
		if err = errors.Join(err, out.Close()); err != nil {
			return err
		}
	}
}
