#!/bin/sh
# Populates third_party/proto (git-ignored) with the .proto files that ours import: Google's from the npm package that
# tools/package-lock.json pins, protovalidate's and the gateway's from the Go modules that go.mod and go.sum pin.
set -eu
cd "$(dirname "$0")/../.."
out=third_party/proto
gateway=$(go list -m -f '{{.Dir}}' github.com/grpc-ecosystem/grpc-gateway/v2)
validate=$(cd tools && go list -m -f '{{.Dir}}' github.com/bufbuild/protovalidate)
google=tools/node_modules/google-proto-files
rm -rf "$out.new"
mkdir -p "$out.new/google/api" "$out.new/buf/validate" "$out.new/protoc-gen-openapiv2/options"
for f in annotations client field_behavior http launch_stage resource; do
  cp "$google/google/api/$f.proto" "$out.new/google/api/"
done
cp "$validate/proto/protovalidate/buf/validate/validate.proto" "$out.new/buf/validate/"
cp "$gateway/protoc-gen-openapiv2/options/annotations.proto" "$gateway/protoc-gen-openapiv2/options/openapiv2.proto" "$out.new/protoc-gen-openapiv2/options/"
chmod -R u+w "$out.new"
rm -rf "$out"
mv "$out.new" "$out"
