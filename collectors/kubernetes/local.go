package kubernetes

import (
	"context"
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// answerPatience is how long a cluster may take to show that it is there.
const answerPatience = 3 * time.Second

// Answers gives the reason why no cluster of the service account or the current kubeconfig answers; nil when one does.
func Answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerPatience)
	defer cancel()
	servers := watch.New()
	defer servers.Close()
	if _, err := servers.Connect(ctx, watch.Login{}); err != nil {
		return fmt.Errorf("connect to the cluster of the service account or the current kubeconfig: %w", err)
	}
	return nil
}
