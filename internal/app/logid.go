package app

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"

	"github.com/sealwatch/sealwatch/internal/clickhouse"
)

// logIDName is the checkpoint whose position is the id of the alert log.
const logIDName = "log/id"

// logID is a number that was drawn when the database was new: by it a resume token of another database is known.
func logID(ctx context.Context, db *clickhouse.DB) (string, error) {
	c, found, err := db.LoadCheckpoint(ctx, logIDName)
	if err != nil {
		return "", fmt.Errorf("app: id of the alert log: %w", err)
	}
	if !found {
		var b [8]byte
		if _, err := rand.Read(b[:]); err != nil {
			return "", fmt.Errorf("app: id of the alert log: %w", err)
		}
		c = clickhouse.Checkpoint{Position: binary.LittleEndian.Uint64(b[:]), Version: 1}
		if err := db.StoreCheckpoints(ctx, uuid.NewString(), map[string]clickhouse.Checkpoint{logIDName: c}); err != nil {
			return "", fmt.Errorf("app: id of the alert log: %w", err)
		}
	}
	return fmt.Sprintf("%016x", c.Position), nil
}
