package transfer

import (
	"context"
	"fmt"
	"sync"
)

// twin is a key with what versions it has in the source and in the target.
type twin struct{ src, dst *history } // dst is nil if there are none

func (t twin) differs(how string) error {
	return fmt.Errorf("s3://%s/%s: %w: %s. Nothing of it was changed. Somebody has used the target, or the source since; copy to another place, or remove what is in the way",
		t.src.name, t.src.key, ErrDiffers, how)
}

// each calls work for each key of the source, for some of them at once, and finds keys
// that only the target has.
//
// Both sides are listed, and S3 lists keys in the order of their bytes. Not all that
// speak its protocol do: so what one list has, and the other has not where it should
// be, is asked for by its key before anything is concluded from that.
func (r *run) each(ctx context.Context, p *plan, work func(context.Context, twin) error) error {
	c := newCrew(ctx, r.AtOnce)
	err := r.meet(c, p, work)
	return c.end(err)
}

func (r *run) meet(c *crew, p *plan, work func(context.Context, twin) error) error {
	here, there := p.from.cursor(""), &cursor{}
	if p.filled {
		there = p.to.cursor("")
	}
	src, err := here.next(c.ctx)
	if err != nil {
		return err
	}
	dst, err := there.next(c.ctx)
	for err == nil && (src != nil || dst != nil) {
		switch {
		case src == nil || dst != nil && dst.key < src.key:
			if err = known(c.ctx, p, dst.key); err == nil {
				dst, err = there.next(c.ctx)
			}
		case dst == nil || src.key < dst.key:
			c.do(r.alone(p, src, work))
			src, err = here.next(c.ctx)
		default:
			t := twin{src, dst}
			c.do(func(ctx context.Context) error { return work(ctx, t) })
			if src, err = here.next(c.ctx); err == nil {
				dst, err = there.next(c.ctx)
			}
		}
	}
	return err
}

// alone works on a key that the list of the target has not told where it should be.
func (r *run) alone(p *plan, src *history, work func(context.Context, twin) error) func(context.Context) error {
	return func(ctx context.Context) error {
		t := twin{src: src}
		if p.filled {
			var err error
			if t.dst, err = p.to.find(ctx, src.key); err != nil {
				return err
			}
		}
		return work(ctx, t)
	}
}

// known tells whether the source has a key of the target.
func known(ctx context.Context, p *plan, key string) error {
	src, err := p.from.find(ctx, key)
	if err == nil && src == nil {
		err = fmt.Errorf("s3://%s/%s: %w: the source has no such key. Somebody has used the target; copy to another place, or remove what is in the way", p.Name, key, ErrDiffers)
	}
	return err
}

// crew does several things at once, until one of them fails.
type crew struct {
	ctx   context.Context
	stop  context.CancelCauseFunc
	hands chan struct{}
	all   sync.WaitGroup
}

func newCrew(ctx context.Context, hands int) *crew {
	c := &crew{hands: make(chan struct{}, hands)}
	c.ctx, c.stop = context.WithCancelCause(ctx)
	return c
}

// do does something as soon as somebody has his hands free.
func (c *crew) do(work func(context.Context) error) {
	select {
	case c.hands <- struct{}{}:
	case <-c.ctx.Done():
		return
	}
	c.all.Go(func() {
		defer func() { <-c.hands }()
		if err := work(c.ctx); err != nil {
			c.stop(err)
		}
	})
}

// end waits until all is done, and returns what went wrong first.
func (c *crew) end(err error) error {
	if err != nil {
		c.stop(err)
	}
	c.all.Wait()
	err = context.Cause(c.ctx)
	c.stop(nil)
	return err
}
