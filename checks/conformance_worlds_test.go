package checks_test

import "maps"

// worlds gives the row of every kind by its name. Each package of checks has a function that lists its own, in
// conformance_<package>_test.go or together with related ones.
func worlds() map[string]world {
	all := make(map[string]world)
	for _, rows := range []map[string]world{
		hostWorlds(), domainWorlds(), endpointWorlds(), documentWorlds(), certificateWorlds(), backupWorlds(), itemWorlds(),
		clusterWorlds(), workloadWorlds(), imageWorlds(), storageWorlds(), requestWorlds(), configurationWorlds(), queryWorlds(), alertWorlds(),
	} {
		maps.Copy(all, rows)
	}
	return all
}
