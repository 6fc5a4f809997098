package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// build makes an image as a Dockerfile says. It knows what images/Dockerfile needs: FROM scratch, ARG, ENV, LABEL, USER,
// ENTRYPOINT as a list, and COPY of one folder to the root. Anything else is an error, never passed over.
//
// context is the folder that COPY reads, args the values of ARGs; an ARG without one is an error, unlike docker's "".
func build(dockerfile string, context fs.FS, args map[string]string, architecture string) (*Image, error) {
	b := &builder{context: context, args: args, known: map[string]string{},
		image: &Image{Architecture: architecture, Settings: Settings{Labels: map[string]string{}}, Files: map[string]File{}}}
	lines := strings.Split(dockerfile, "\n")
	for i := 0; i < len(lines); i++ {
		line, first := strings.TrimSpace(lines[i]), i+1
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		for strings.HasSuffix(line, `\`) && i+1 < len(lines) {
			i++
			line = strings.TrimSpace(strings.TrimSuffix(line, `\`)) + " " + strings.TrimSpace(lines[i])
		}
		if err := b.step(line); err != nil {
			return nil, fmt.Errorf("line %d of the Dockerfile: %w", first, err)
		}
	}
	if !b.begun {
		return nil, fmt.Errorf("no FROM scratch in the Dockerfile")
	}
	return b.image, nil
}

type builder struct {
	image   *Image
	context fs.FS
	args    map[string]string // given
	known   map[string]string // declared by ARG, or set by ENV
	begun   bool
}

func (b *builder) step(line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	if !b.begun && verb != "FROM" {
		return fmt.Errorf("%s before FROM", verb)
	}
	switch verb {
	case "FROM":
		if rest != "scratch" || b.begun {
			return fmt.Errorf("want one FROM scratch (got FROM %s)", rest)
		}
		b.begun = true
		return nil
	case "ARG":
		value, ok := b.args[rest]
		if !ok || value == "" {
			return fmt.Errorf("ARG %s needs a value", rest)
		}
		b.known[rest] = value
		return nil
	case "ENTRYPOINT":
		if err := json.Unmarshal([]byte(rest), &b.image.Settings.Entrypoint); err != nil {
			return fmt.Errorf("ENTRYPOINT wants a list: there is no shell: %w", err)
		}
		return nil
	}
	words, err := b.words(rest)
	if err != nil {
		return err
	}
	switch verb {
	case "USER":
		if len(words) != 1 {
			return fmt.Errorf("USER wants one word (got %q)", rest)
		}
		b.image.Settings.User = words[0]
		return nil
	case "LABEL", "ENV":
		return b.pairs(verb, words)
	case "COPY":
		if len(words) != 2 || words[1] != "/" || !strings.HasSuffix(words[0], "/") {
			return fmt.Errorf("COPY wants a folder and / (got %q)", rest)
		}
		return b.copy(path.Clean(words[0]))
	}
	return fmt.Errorf("%s is not known here", verb)
}

func (b *builder) pairs(verb string, words []string) error {
	for _, word := range words {
		key, value, ok := strings.Cut(word, "=")
		switch {
		case !ok || key == "":
			return fmt.Errorf("%s wants name=value (got %q)", verb, word)
		case verb == "LABEL":
			b.image.Settings.Labels[key] = value
		default:
			b.known[key] = value
			b.image.Settings.Env = append(b.image.Settings.Env, word)
		}
	}
	return nil
}

// words splits at spaces outside double quotes, drops the quotes and puts in ${NAME}.
func (b *builder) words(text string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord, quoted := false, false
	for _, r := range text {
		switch {
		case r == '\\' || r == '\'':
			return nil, fmt.Errorf("%q is not known here", r)
		case r == '"':
			quoted, inWord = !quoted, true
		case r == ' ' && !quoted:
			if inWord {
				words = append(words, word.String())
			}
			word.Reset()
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if quoted {
		return nil, fmt.Errorf("a quote is left open")
	}
	if inWord {
		words = append(words, word.String())
	}
	var unknown []string
	for i := range words {
		words[i] = os.Expand(words[i], func(name string) string {
			value, ok := b.known[name]
			if !ok {
				unknown = append(unknown, name)
			}
			return value
		})
	}
	if unknown != nil {
		return nil, fmt.Errorf("${%s} is set nowhere above", unknown[0])
	}
	return words, nil
}

// copy takes every file and folder below folder, which must be ordinary ones.
func (b *builder) copy(folder string) error {
	return fs.WalkDir(b.context, folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == folder {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return fmt.Errorf("copy %s: %w", name, err)
		}
		f := File{Mode: info.Mode() & (fs.ModePerm | fs.ModeDir | fs.ModeSticky)}
		if info.Mode()&^f.Mode != 0 {
			return fmt.Errorf("copy %s: %s is neither a plain file nor a folder", name, info.Mode())
		}
		if !d.IsDir() {
			if f.Data, err = fs.ReadFile(b.context, name); err != nil {
				return fmt.Errorf("copy %s: %w", name, err)
			}
		}
		inside, err := filepath.Rel(folder, name)
		if err != nil {
			return fmt.Errorf("copy %s: %w", name, err)
		}
		b.image.Files[filepath.ToSlash(inside)] = f
		return nil
	})
}

// parseArg reads NAME=value.
func parseArg(text string) (name, value string, err error) {
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return "", "", fmt.Errorf("want NAME=value (got %s)", strconv.Quote(text))
	}
	return name, value, nil
}
