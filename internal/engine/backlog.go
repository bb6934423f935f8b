package engine

import "sync"

// maximumBacklog bounds how many functions wait to be called.
const maximumBacklog = 1000

// A backlog calls functions one after another and keeps nobody waiting, so that one that blocks stops only those that come
// after it. Of too many, the newest are left out.
type backlog struct {
	mu      sync.Mutex
	waiting []func()
	working chan struct{} // closed when all that was added has been called; nil: none was
}

func (b *backlog) add(call func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) >= maximumBacklog {
		return
	}
	b.waiting = append(b.waiting, call)
	if b.working == nil {
		b.working = make(chan struct{})
		go b.work(b.working)
	}
}

// work calls what is waiting until there is nothing left.
func (b *backlog) work(done chan struct{}) {
	defer close(done)
	for {
		call := b.next()
		if call == nil {
			return
		}
		call()
	}
}

func (b *backlog) next() (call func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) == 0 {
		b.working = nil
		return nil
	}
	call, b.waiting = b.waiting[0], b.waiting[1:]
	return call
}

// wait returns when all that was added has been called.
func (b *backlog) wait() {
	b.mu.Lock()
	working := b.working
	b.mu.Unlock()
	if working != nil {
		<-working
	}
}
