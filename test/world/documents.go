package world

import "strings"

// Page is a document with these headings, each with some text beneath.
func Page(headings ...string) string {
	text := "# The shop\n\n"
	for _, heading := range headings {
		text += "## " + heading + "\n\n" + strings.Repeat("What is done here is told in words that somebody can follow at night. ", 3) + "\n\n"
	}
	return text + strings.Repeat("Further words that make it no stub. ", 8) + "\n"
}

// Documents are those of a repository in which every item on documents passes.
func Documents() map[string]string {
	all := map[string]string{
		".gitignore":                  "node_modules/\n.env*\n",
		"README.md":                   Page("Run it") + "[Roll back](docs/rollback.md#steps)\n",
		"docs/rollback.md":            Page("When to roll back", "Steps", "Verify"),
		"docs/backup-and-restore.md":  Page("Backup", "Restore: steps", "Verify", "Steps"),
		"docs/migration.md":           Page("Steps", "Rollback"),
		"docs/architecture.md":        Page("Parts") + "```mermaid\ngraph TD\n```\n",
		"docs/deployment.md":          Page("Deploy"),
		"docs/scaling.md":             Page("Scale out"),
		"docs/incident-response.md":   Page("Severities", "Roles", "Communication"),
		"docs/privacy.md":             Page("Personal data"),
		"docs/retention.md":           Page("How long data is kept"),
		"docs/disaster-recovery.md":   Page("RTO and RPO", "Steps"),
		"docs/business-continuity.md": Page("Without the shop"),
		"docs/costs.md":               Page("What is saved"),
		"docs/lessons-learned.md":     Page("What went well", "What did not"),
	}
	for _, name := range []string{"disk", "mail", "database", "certificate", "traffic"} {
		all["runbooks/"+name+".md"] = Page("Steps")
	}
	return all
}
