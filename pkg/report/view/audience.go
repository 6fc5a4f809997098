package view

import "github.com/clientele/clientele/pkg/contract"

// Audience is who is on which list, and what came of those whom the same rules took before.
type Audience struct {
	contract.AudienceResult
	After   []After `json:"after"` // by segment
	Weeks   []Week  `json:"weeks"` // the earliest first
	History []Past  `json:"history"`
}

func newAudience(in Inputs) *Audience {
	if in.Audience == nil {
		return nil
	}
	return &Audience{*in.Audience, after(in), weeks(in), history(in)}
}
