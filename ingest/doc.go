// Package ingest takes records to stored events: it decodes, normalises, enriches, finds what is known already and
// stores the rest in groups. What it acknowledges is on disk.
package ingest
