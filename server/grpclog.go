package server

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"google.golang.org/grpc/grpclog"
)

// LogGRPC sends what the gRPC library and the gateway have to say to the logger, at debug level: what matters of it
// reaches the caller as an error, and some of it quotes what a client sent. It changes the whole process, so that a
// program MUST call it once, before it makes a server or a client.
func LogGRPC(logger *slog.Logger) { grpclog.SetLoggerV2(&grpcLogger{logger}) }

// grpcLogger is a grpclog.LoggerV2.
type grpcLogger struct{ *slog.Logger }

func (l *grpcLogger) debug(text string) {
	l.LogAttrs(context.Background(), slog.LevelDebug, "gRPC library", slog.String("text", text))
}

func (l *grpcLogger) Info(args ...any)                    { l.debug(fmt.Sprint(args...)) }
func (l *grpcLogger) Infoln(args ...any)                  { l.debug(fmt.Sprint(args...)) }
func (l *grpcLogger) Infof(format string, args ...any)    { l.debug(fmt.Sprintf(format, args...)) }
func (l *grpcLogger) Warning(args ...any)                 { l.debug(fmt.Sprint(args...)) }
func (l *grpcLogger) Warningln(args ...any)               { l.debug(fmt.Sprint(args...)) }
func (l *grpcLogger) Warningf(format string, args ...any) { l.debug(fmt.Sprintf(format, args...)) }
func (l *grpcLogger) Error(args ...any)                   { l.debug(fmt.Sprint(args...)) }
func (l *grpcLogger) Errorln(args ...any)                 { l.debug(fmt.Sprint(args...)) }
func (l *grpcLogger) Errorf(format string, args ...any)   { l.debug(fmt.Sprintf(format, args...)) }

// Fatal ends the process, as the library requires; it calls it for a server that is wired wrongly.
func (l *grpcLogger) Fatal(args ...any) {
	l.LogAttrs(context.Background(), slog.LevelError, "gRPC library", slog.String("text", fmt.Sprint(args...)))
	os.Exit(1)
}

func (l *grpcLogger) Fatalln(args ...any)               { l.Fatal(args...) }
func (l *grpcLogger) Fatalf(format string, args ...any) { l.Fatal(fmt.Sprintf(format, args...)) }

// V asks whether verbose messages are wanted: none are.
func (l *grpcLogger) V(int) bool { return false }
