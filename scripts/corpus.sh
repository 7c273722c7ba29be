#!/usr/bin/env bash
# Fetches and makes the media files that the tests of `crates/media` (and everything above) read.
#
# Real files come from source distributions of image libraries (pinned, with hashes); the rest is made here by ffmpeg,
# libvips, exiftool and Pillow. Nothing of it is in git. Safe to run again: done in a moment when nothing has changed.
#
#   scripts/corpus.sh            into $MEDIA_VAULT_TEST_CORPUS or ~/.cache/media-vault/corpus
set -euo pipefail
export PIP_ROOT_USER_ACTION=ignore

here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
recipe="$here/crates/media/tests/corpus"
corpus="${MEDIA_VAULT_TEST_CORPUS:-$HOME/.cache/media-vault/corpus}"
version="$(cat "${BASH_SOURCE[0]}" "$recipe"/* | sha256sum | cut -c1-16)"

if [ "$(cat "$corpus/version" 2>/dev/null || true)" = "$version" ]; then
  echo "corpus: ready in $corpus"
  exit 0
fi

# The one of the tests has pip; a system's own may have none.
python="${MEDIA_VAULT_CACHE:-$HOME/.cache/media-vault}/venv/bin/python"
[ -x "$python" ] || python=python3

for tool in python3 ffmpeg exiftool vips; do
  command -v "$tool" >/dev/null || {
    echo "corpus: $tool is missing; apt-get install ffmpeg libvips-tools libimage-exiftool-perl, and Python 3" >&2
    exit 1
  }
done

mkdir -p "$corpus/sdists" "$corpus/real"
exec 9>"$corpus/lock"
flock 9 # two test runs at once: the second finds it done
if [ "$(cat "$corpus/version" 2>/dev/null || true)" = "$version" ]; then
  echo "corpus: ready in $corpus"
  exit 0
fi

# --- real files ------------------------------------------------------------------------------------------------------
fetch() { # name version sha256
  local file="$corpus/sdists/$1-$2.tar.gz"
  if ! echo "$3  $file" | sha256sum --check --status 2>/dev/null; then
    echo "corpus: fetching $1 $2 (source distribution, for its test images)"
    printf '%s==%s --hash=sha256:%s\n' "${1//_/-}" "$2" "$3" >"$corpus/sdists/requirements.txt"
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --no-binary "${1//_/-}" --require-hashes \
      --dest "$corpus/sdists" --requirement "$corpus/sdists/requirements.txt"
    echo "$3  $file" | sha256sum --check --quiet
  fi
}
fetch pillow 11.3.0 3828ee7586cd0b2091b6209e5ad53e20d0649bbe87164a459d0676e035e8f523
fetch pillow_heif 1.8.1 521ebffb8a181d56c3904e5a61f20903edee0d9d3275967b8fb345f866215c06

echo "corpus: unpacking real files"
rm -rf "$corpus/real"
mkdir -p "$corpus/real/pillow" "$corpus/real/heif"
tar -xzf "$corpus/sdists/pillow-11.3.0.tar.gz" -C "$corpus/real/pillow" --strip-components=3 pillow-11.3.0/Tests/images
tar -xzf "$corpus/sdists/pillow_heif-1.8.1.tar.gz" -C "$corpus/real/heif" --strip-components=3 pillow_heif-1.8.1/tests/images

# --- made files ------------------------------------------------------------------------------------------------------
if [ ! -d "$corpus/python/PIL" ]; then
  echo "corpus: installing Pillow (the second decoder that ours is compared with)"
  "$python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --target "$corpus/python" \
    pillow==11.3.0
fi
rm -rf "$corpus/made" "$corpus/expected"
mkdir -p "$corpus/made" "$corpus/expected"
echo "corpus: making photos"
PYTHONPATH="$corpus/python" "$python" "$recipe/photos.py" "$corpus"
echo "corpus: making videos and sound"
bash "$recipe/videos.sh" "$corpus/made"
echo "corpus: asking exiftool"
(cd "$corpus" && exiftool -quiet -json -n -api largefilesupport=1 -struct -r made real \
  -Orientation -EXIF:DateTimeOriginal -EXIF:CreateDate -EXIF:SubSecTimeOriginal -EXIF:OffsetTimeOriginal \
  -EXIF:Make -EXIF:Model -EXIF:ISO -EXIF:FNumber -EXIF:ExposureTime -EXIF:FocalLength -EXIF:LensModel \
  -GPSLatitude -GPSLongitude -ImageWidth -ImageHeight -MIMEType -XMP:Rating -XMP:Title -XMP:Description -XMP:Subject \
  >expected/exiftool.json 2>expected/exiftool.log) || true
test -s "$corpus/expected/exiftool.json"

echo "$version" >"$corpus/version"
echo "corpus: ready in $corpus ($(find "$corpus/real" "$corpus/made" -type f | wc -l) files)"
