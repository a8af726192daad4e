#!/bin/sh
# Compares the public interface of each library with the last release: a change that breaks callers needs a new version.
set -eu
# The parent: a release is compared with the one before it.
if ! last=$(git describe --tags --abbrev=0 --match 'v*' HEAD^ 2>/dev/null); then
    echo "There is no release yet: there is nothing to compare with."
    exit 0
fi
exec cargo semver-checks --baseline-rev "$last" \
    -p auth-probe -p easyauth -p easyauth-emulator -p entra-admin -p rmcp-guard -p restaurant-domain -p restaurant-mcp
