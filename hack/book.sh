#!/usr/bin/env bash
# Builds docs/, ARCHITECTURE.md and CONTRIBUTING.md as a website in target/book (`make book`).
#
# Links from docs/ to files of the repository that are not part of the book lead to their text on the web, if BOOK_REPOSITORY names it.
set -euo pipefail
cd "$(dirname "$0")/.."

source=target/book-source
repository=${BOOK_REPOSITORY:-$(sed -n 's/^repository = "\(.*\)"$/\1/p' Cargo.toml)}

rm -rf "$source" && mkdir -p "$source"
cp -r docs/. "$source"
cp ARCHITECTURE.md "$source/architecture.md"
cp CONTRIBUTING.md "$source/contributing.md"
# Pages of the root link to docs/…, pages of docs/ to ../…; in the book all are in one folder.
sed -i -e 's|](docs/|](|g' -e 's|](README.md)|](index.html)|g' "$source"/{architecture,contributing}.md
find "$source" -name '*.md' -exec sed -i -E \
  -e 's,\]\((\.\./)*ARCHITECTURE\.md,](architecture.md,g' -e 's,\]\((\.\./)*CONTRIBUTING\.md,](contributing.md,g' \
  -e "s,\]\((\.\./){0\,2}(workloads|crds|operator|hack|images|e2e|CHANGELOG|LICENSE)([/.)]),](${repository}/blob/main/\2\3,g" {} +
# The page of a folder's README is its index.
find "$source" -name '*.md' ! -name SUMMARY.md -exec sed -i 's,](adr/README\.md,](adr/index.html,g' {} +
# The decisions, each by its title, below the last entry of the table of contents.
for file in "$source"/adr/0*.md; do
  echo "  - [$(sed -n '1s/^# //p' "$file")](adr/${file##*/})"
done >>"$source/SUMMARY.md"
mdbook build
echo "target/book/index.html"
