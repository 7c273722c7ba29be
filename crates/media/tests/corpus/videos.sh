#!/usr/bin/env bash
# Makes the videos and sounds of the test corpus. Called by scripts/corpus.sh with the folder to fill.
set -euo pipefail
cd "$1"

make() { ffmpeg -nostdin -v error -y "$@"; }
picture=(-f lavfi -i "testsrc2=size=640x360:rate=25:duration=3")
tone=(-f lavfi -i "sine=frequency=440:duration=3")
h264=(-c:v libx264 -preset ultrafast -pix_fmt yuv420p)

make "${picture[@]}" "${tone[@]}" "${h264[@]}" -g 25 -c:a aac -metadata creation_time=2024-05-12T08:11:12Z -metadata title="A film" plain.mp4
make -i plain.mp4 -c copy -movflags +faststart index_first.mp4
make -i plain.mp4 -c copy -movflags frag_keyframe+empty_moov+default_base_moof fragmented.mp4
for degrees in 90 180 270; do
  # This ffmpeg counts against the clock.
  make -i plain.mp4 -c copy -metadata:s:v:0 rotate=$((360 - degrees)) "rotated_$degrees.mp4"
done
make "${picture[@]}" -c:v libx265 -preset ultrafast -pix_fmt yuv420p -tag:v hvc1 -x265-params log-level=error hevc.mp4
make "${picture[@]}" -c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -tag:v hvc1 \
  -color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc \
  -x265-params log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc hdr.mp4
apple=com.apple.quicktime
make -i plain.mp4 -map_metadata -1 -c copy -movflags use_metadata_tags \
  -metadata $apple.creationdate=2024-05-12T10:11:12+0200 -metadata $apple.location.ISO6709=+52.5200+013.4050+030.000/ \
  -metadata $apple.make=Apple -metadata $apple.model="iPhone 15" \
  -metadata $apple.content.identifier=11111111-2222-3333-4444-555555555555 quicktime.mov
make -i plain.mp4 -c copy matroska.mkv
make "${picture[@]}" "${tone[@]}" -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 1M -c:a libopus webm.webm
make "${picture[@]}" -c:v mjpeg -q:v 5 avi.avi
make -i plain.mp4 -c copy transport.ts
make "${picture[@]}" "${tone[@]}" -c:v mpeg2video -b:v 2M -c:a mp2 -f mpeg programme.mpg
make -f lavfi -i "testsrc2=size=176x144:rate=15:duration=2" -c:v h263 phone.3gp
make -f lavfi -i "testsrc2=size=720x576:rate=25:duration=1" "${h264[@]}" -vf setsar=64/45 camcorder.mp4
make -f lavfi -i "color=red:size=320x240:rate=25:duration=0.04" "${h264[@]}" one_frame.mp4
make "${picture[@]}" -c:v wmv2 windows.wmv
head -c 60000 index_first.mp4 >cut_short.mp4
head -c 60000 plain.mp4 >no_index.mp4
make -f lavfi -i "sine=duration=2" -c:a aac sound_only.mp4

make -f lavfi -i "color=0x2060c0:size=500x500:duration=0.04:rate=25" -frames:v 1 cover.png
make "${tone[@]}" -i cover.png -map 0 -map 1 -c:a libmp3lame -c:v copy -id3v2_version 3 -metadata title="A song" \
  -disposition:v attached_pic cover.mp3
make "${tone[@]}" -c:a libmp3lame plain.mp3
make "${tone[@]}" -i cover.png -map 0 -map 1 -c:a flac -c:v copy -disposition:v attached_pic cover.flac
make "${tone[@]}" -c:a aac voice.m4a
make "${tone[@]}" -c:a aac raw.aac
make "${tone[@]}" -c:a libopus opus.ogg
make "${tone[@]}" plain.wav
rm cover.png

# What looks like a film and is a list of other files.
printf '#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n' >playlist.mp4
