package policies

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sealwatch/sealwatch/internal/fault"
	"github.com/sealwatch/sealwatch/internal/policy"
)

// Create saves a new policy. It returns when it is durable and evaluated; what is wrong with it comes back as fault.InvalidArgument.
func (b *Book) Create(ctx context.Context, p policy.Policy, author string) (policy.Stored, error) {
	b.changing.Lock()
	defer b.changing.Unlock()
	s, err := b.created(&p, author)
	if err != nil {
		return s, err
	}
	return b.save(ctx, s)
}

// TryCreate does everything that Create does but save.
func (b *Book) TryCreate(p policy.Policy, author string) (policy.Stored, error) {
	b.changing.Lock()
	defer b.changing.Unlock()
	s, err := b.created(&p, author)
	if err == nil {
		_, err = b.evaluable(&s)
	}
	return s, err
}

// created is the first version of a policy, or why it is not taken.
func (b *Book) created(p *policy.Policy, author string) (policy.Stored, error) {
	if _, err := b.Policy(p.ID); err == nil {
		return policy.Stored{}, fault.New(fault.AlreadyExists, "there is a policy %q; change it, or take another id", p.ID)
	}
	if n := len(b.Policies()); n >= MaxPolicies {
		return policy.Stored{}, fault.New(fault.InvalidArgument, "there are %d policies, which is the most; delete one first", n)
	}
	if n := b.lingering(p.ID); n >= MaxDeleted {
		return policy.Stored{}, fault.New(fault.InvalidArgument, "%d deleted policies still judge late events of the time when they were there, which is the most; take the id of one of them, or change a policy instead of making another", n)
	}
	if err := refusal(p); err != nil {
		return policy.Stored{}, err
	}
	return b.next(p, author), nil
}

// refusal is why a policy is not taken that is newly written.
func refusal(p *policy.Policy) error {
	if err := p.Validate(); err != nil {
		return fault.New(fault.InvalidArgument, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return nil
}

// lingering counts the deleted policies other than that with the id which are still evaluated.
func (b *Book) lingering(id string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, s := range b.all {
		if s.Removed && s.ID != id && b.o.Analysis.Evaluates(s.DetectionID()) {
			n++
		}
	}
	return n
}

// changeable returns the policy when it may be changed by whoever knows the etag.
func (b *Book) changeable(id, etag string) (policy.Stored, error) {
	s, err := b.Policy(id)
	switch {
	case err != nil:
		return s, err
	case s.File != "":
		return s, fault.New(fault.ReadOnly, "policy %s comes from the file %s of policies.folder; change it there", id, s.File)
	case etag != "" && etag != s.Etag():
		return s, fault.New(fault.Conflict, "policy %s was changed by %s at %s; read it again", id, s.Author, s.Updated.Format(time.RFC3339))
	}
	return s, nil
}

// Update puts what change makes of a policy in its place. Nobody else changes it meanwhile.
func (b *Book) Update(ctx context.Context, id, etag, author string, change func(policy.Stored) (policy.Policy, error)) (policy.Stored, error) {
	b.changing.Lock()
	defer b.changing.Unlock()
	s, same, err := b.updated(id, etag, author, change)
	if err != nil || same {
		return s, err
	}
	return b.save(ctx, s)
}

// TryUpdate does everything that Update does but save.
func (b *Book) TryUpdate(id, etag, author string, change func(policy.Stored) (policy.Policy, error)) (policy.Stored, error) {
	b.changing.Lock()
	defer b.changing.Unlock()
	s, same, err := b.updated(id, etag, author, change)
	if err == nil && !same {
		_, err = b.evaluable(&s)
	}
	return s, err
}

// updated is the next version of a policy, or why it is not taken; same says that it is the one that there is.
func (b *Book) updated(id, etag, author string, change func(policy.Stored) (policy.Policy, error)) (s policy.Stored, same bool, err error) {
	old, err := b.changeable(id, etag)
	if err != nil {
		return old, false, err
	}
	p, err := change(old)
	if err != nil {
		return old, false, err
	}
	p.ID = id
	if samePolicy(&old.Policy, &p) {
		return old, true, nil
	}
	if err := refusal(&p); err != nil {
		return old, false, err
	}
	return b.next(&p, author), false, nil
}

// Delete removes a policy; its alerts stay.
func (b *Book) Delete(ctx context.Context, id, etag, author string) error {
	b.changing.Lock()
	defer b.changing.Unlock()
	s, err := b.changeable(id, etag)
	if err != nil {
		return err
	}
	gone := b.next(&s.Policy, author)
	gone.Removed, gone.Since = true, b.now()
	_, err = b.save(ctx, gone)
	return err
}

// save stores a version and lets it be evaluated. What cannot be evaluated is refused before anything is stored; a deletion never is.
func (b *Book) save(ctx context.Context, s policy.Stored) (policy.Stored, error) {
	if _, err := b.evaluable(&s); err != nil && !s.Removed {
		return s, err
	}
	// whoever asked may go away; what is begun is finished
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storePatience)
	defer cancel()
	if err := b.o.Store.StorePolicies(ctx, b.o.Tenant, []policy.Stored{s}); err != nil {
		return s, fmt.Errorf("policies: %w", err)
	}
	b.mu.Lock()
	b.all[s.ID] = s
	b.mu.Unlock()
	if err := b.adopt(ctx, &s); err != nil {
		return s, fmt.Errorf("policies: policy %s is stored, and could not be taken into the analysis; the next start tries again: %w", s.ID, err)
	}
	return s, nil
}
