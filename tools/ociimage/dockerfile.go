package main

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

// fromDockerfile makes an image as a Dockerfile says. It takes what images/Dockerfile needs: FROM scratch, ARG, ENV, LABEL,
// USER, ENTRYPOINT as a list, and COPY of one folder to the root. Anything else is an error.
//
// context is the folder that COPY reads, args the values of ARGs; an ARG without one is an error, unlike docker's "".
func fromDockerfile(dockerfile string, context fs.FS, args map[string]string) (*contents, error) {
	parsed, err := parser.Parse(strings.NewReader(dockerfile))
	if err != nil {
		return nil, err
	}
	stages, before, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		return nil, err
	}
	if len(stages) != 1 || len(before) > 0 || stages[0].BaseName != "scratch" || stages[0].Platform != "" {
		return nil, fmt.Errorf("want one FROM scratch in the Dockerfile, at its beginning")
	}
	b := &builder{context: context, args: args, known: map[string]string{}, lex: shell.NewLex(parsed.EscapeToken),
		made: &contents{config: v1.Config{Labels: map[string]string{}}, files: map[string]file{}}}
	for _, command := range stages[0].Commands {
		if err := b.apply(command); err != nil {
			return nil, fmt.Errorf("line %d of the Dockerfile: %w", command.Location()[0].Start.Line, err)
		}
	}
	return b.made, nil
}

type builder struct {
	made    *contents
	context fs.FS
	args    map[string]string // given
	known   map[string]string // declared by ARG or set by ENV
	lex     *shell.Lex
}

func (b *builder) apply(command instructions.Command) error {
	if words, ok := command.(instructions.SupportsSingleWordExpansion); ok {
		if err := words.Expand(b.expand); err != nil {
			return err
		}
	}
	switch c := command.(type) {
	case *instructions.ArgCommand:
		for _, arg := range c.Args {
			value := b.args[arg.Key]
			if value == "" || arg.Value != nil {
				return fmt.Errorf("ARG %s needs a value, and takes no default", arg.Key)
			}
			b.known[arg.Key] = value
		}
	case *instructions.EnvCommand:
		for _, pair := range c.Env {
			b.known[pair.Key] = pair.Value
			b.made.config.Env = append(b.made.config.Env, pair.String())
		}
	case *instructions.LabelCommand:
		for _, pair := range c.Labels {
			b.made.config.Labels[pair.Key] = pair.Value
		}
	case *instructions.UserCommand:
		b.made.config.User = c.User
	case *instructions.EntrypointCommand:
		if c.PrependShell {
			return fmt.Errorf("ENTRYPOINT wants a list: there is no shell")
		}
		b.made.config.Entrypoint = c.CmdLine
	case *instructions.CopyCommand:
		return b.copy(c)
	default:
		return fmt.Errorf("%s is not supported", strings.ToUpper(command.Name()))
	}
	return nil
}

// expand puts the values of ${NAME} into a word, and drops its quotes.
func (b *builder) expand(word string) (string, error) {
	var env []string
	for name, value := range b.known {
		env = append(env, name+"="+value)
	}
	result, err := b.lex.ProcessWordWithMatches(word, shell.EnvsFromSlice(env))
	if err != nil {
		return "", err
	}
	if unset := slices.Sorted(maps.Keys(result.Unmatched)); len(unset) > 0 {
		return "", fmt.Errorf("${%s} is not set above", unset[0])
	}
	return result.Result, nil
}

func (b *builder) copy(c *instructions.CopyCommand) error {
	flags := c.From != "" || c.Chown != "" || c.Chmod != "" || c.Link || c.Parents || len(c.ExcludePatterns) > 0
	if flags || len(c.SourceContents) > 0 || len(c.SourcePaths) != 1 || !strings.HasSuffix(c.SourcePaths[0], "/") || c.DestPath != "/" {
		return fmt.Errorf("COPY wants a folder and /, and no flags (got %s)", c)
	}
	folder, err := fs.Sub(b.context, path.Clean(c.SourcePaths[0]))
	if err != nil {
		return err
	}
	if err := b.made.addFolder(folder); err != nil {
		return fmt.Errorf("copy %s: %w", c.SourcePaths[0], err)
	}
	return nil
}
