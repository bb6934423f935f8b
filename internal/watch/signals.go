package watch

import "sync"

// signals let users know that something that they watch has changed. The zero value is ready for use.
type signals struct {
	mu   sync.Mutex
	sent map[string]chan struct{} // by user; each holds one token after a change
}

// of gives what a user listens to.
func (s *signals) of(user string) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sent == nil {
		s.sent = make(map[string]chan struct{})
	}
	if s.sent[user] == nil {
		s.sent[user] = make(chan struct{}, 1)
	}
	return s.sent[user]
}

// send lets a user know, if it listens, that something has changed.
func (s *signals) send(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.sent[user] <- struct{}{}:
	default: // it does not listen, or has not taken the last token yet
	}
}

// forget frees what a user listened to.
func (s *signals) forget(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sent, user)
}
