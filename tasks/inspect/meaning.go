package inspect

import "github.com/clientele/clientele/pkg/profile"

// meaning decides what the lines mean.
func (g *gatherer) meaning(*Result, *profile.Profile) error { return nil }
