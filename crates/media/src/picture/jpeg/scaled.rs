//! A JPEG decoder for making small pictures of large ones.
//!
//! It decodes what cameras write: baseline, 8 bits, one scan, grey or YCbCr. Everything else, and everything that is
//! not quite right, it leaves to libjpeg-turbo by returning `None`. Compared with it, it reads the bits that a small
//! picture does not need without decoding them (see [`super::huffman`]), and knows the sizes in between, such as 3/8.

use super::colour::rgb;
use super::headers::{Header, is_ycc, read};
use super::huffman::{Bits, Code, unstuff};
use super::idct::{Inverse, ZIGZAG};

/// A decoded picture: `channels` bytes for each pixel, 1 (grey) or 3 (RGB).
pub(super) struct Scaled {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) channels: usize,
    pub(super) pixels: Vec<u8>,
}

/// What a scan needs of one component.
struct Plane<'a> {
    inverse: Inverse,
    /// For each position in zigzag order, how many rows the coefficients up to it reach into.
    rows: [usize; 64],
    /// Samples of a block, across and down.
    size: (usize, usize),
    across: usize,
    down: usize,
    quantization: [f32; 64],
    first_code: &'a Code,
    other_code: &'a Code,
    /// The first coefficient of the block before.
    predicted: i32,
    /// One row of units.
    samples: Vec<u8>,
    pitch: usize,
}

/// Decodes at `eighths` (1 to 4) eighths of the size. `None`: not for this decoder, or damaged.
pub(super) fn decode(data: &[u8], eighths: usize) -> Option<Scaled> {
    let (header, content, rest) = read(data)?;
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("bmi2") {
        #[expect(unsafe_code, reason = "code for some processors")]
        // SAFETY: this processor knows the instructions that `scan_avx2` is compiled for.
        return unsafe { scan_avx2(content, rest, &header, eighths) };
    }
    scan(content, rest, &header, eighths)
}

/// [`scan`] for the processors of the last ten years: wider vectors, and shifts that need no fixed register.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2")]
fn scan_avx2(content: &[u8], data: &[u8], header: &Header, eighths: usize) -> Option<Scaled> {
    scan(content, data, header, eighths)
}

// Everything in the loops below is inlined always, so that it is compiled for the processor that its caller is compiled for.
#[inline(always)]
fn scan(content: &[u8], data: &[u8], header: &Header, eighths: usize) -> Option<Scaled> {
    let frame = header.frame.as_ref()?;
    let count = frame.components.len();
    // One scan with everything in it: all components, coefficients 0 to 63, no successive approximation.
    if content.len() != 4 + 2 * count
        || usize::from(content[0]) != count
        || content.get(1 + 2 * count..)? != [0, 63, 0]
        || (count == 3 && !is_ycc(frame, header))
    {
        return None;
    }
    let most_across = frame.components.iter().map(|c| c.across).max()?;
    let most_down = frame.components.iter().map(|c| c.down).max()?;
    let units_across = frame.width.div_ceil(8 * most_across);
    let units_down = frame.height.div_ceil(8 * most_down);
    let mut planes = Vec::with_capacity(count);
    for (component, chosen) in frame.components.iter().zip(content[1..].chunks_exact(2)) {
        if chosen[0] != component.id {
            return None;
        }
        let size = (
            eighths * most_across / component.across,
            eighths * most_down / component.down,
        );
        let stored = header.quantization[component.quantization]?;
        let mut quantization = [0.0; 64];
        for (value, natural) in stored.iter().zip(ZIGZAG) {
            quantization[usize::from(natural)] = f32::from(*value);
        }
        let inverse = Inverse::new(size.0, size.1)?;
        let pitch = units_across * component.across * size.0;
        planes.push(Plane {
            rows: rows(size.1),
            inverse,
            size,
            across: component.across,
            down: component.down,
            quantization,
            first_code: header.first_codes.get(usize::from(chosen[1] >> 4))?.as_ref()?,
            other_code: header.other_codes.get(usize::from(chosen[1] & 15))?.as_ref()?,
            predicted: 0,
            samples: vec![0; pitch * component.down * size.1],
            pitch,
        });
    }
    let (width, height) = (
        (frame.width * eighths).div_ceil(8),
        (frame.height * eighths).div_ceil(8),
    );
    let channels = if count == 1 { 1 } else { 3 };
    let mut pixels = vec![0; width.checked_mul(height)?.checked_mul(channels)?];
    let rows = eighths * most_down;
    let mut plain = Vec::with_capacity(data.len());
    let mut from = unstuff(data, &mut plain);
    let mut bits = Bits::new(&plain);
    let (mut until_restart, mut number) = (header.restart, 0);
    for (row, out) in pixels.chunks_mut(rows * width * channels).enumerate() {
        if row >= units_down {
            return None;
        }
        for unit in 0..units_across {
            if header.restart > 0 && until_restart == 0 {
                if !bits.is_whole() {
                    return None;
                }
                from += restart(data.get(from..)?, number)?;
                number = (number + 1) & 7;
                from += unstuff(data.get(from..)?, &mut plain);
                bits = Bits::new(&plain);
                planes.iter_mut().for_each(|plane| plane.predicted = 0);
                until_restart = header.restart;
            }
            until_restart = until_restart.wrapping_sub(1);
            for plane in &mut planes {
                plane.unit(&mut bits, unit)?;
            }
        }
        colour(&planes, out, width);
    }
    bits.is_whole().then_some(Scaled {
        width,
        height,
        channels,
        pixels,
    })
}

/// See [`Plane::rows`]; rows that make no difference to `most` samples are left out.
fn rows(most: usize) -> [usize; 64] {
    let (mut rows, mut reached) = ([0; 64], 0);
    for (rows, natural) in rows.iter_mut().zip(ZIGZAG) {
        reached = reached.max(usize::from(natural >> 3) + 1);
        *rows = reached.min(most);
    }
    rows
}

/// How far behind the next restart marker is. They are counted from 0 to 7; another number, or another marker, is damage: a part is
/// missing, and libjpeg-turbo knows how to go on behind it.
fn restart(data: &[u8], number: u8) -> Option<usize> {
    let at = data.iter().position(|byte| *byte == 0xFF)?;
    let fill = data.get(at..)?.iter().position(|byte| *byte != 0xFF)?;
    (*data.get(at + fill)? == 0xD0 + number).then_some(at + fill + 1)
}

impl Plane<'_> {
    /// Decodes this component's blocks of one unit.
    #[inline(always)]
    fn unit(&mut self, bits: &mut Bits<'_>, unit: usize) -> Option<()> {
        for down in 0..self.down {
            for across in 0..self.across {
                let place = down * self.size.1 * self.pitch + (unit * self.across + across) * self.size.0;
                self.block(bits, place)?;
            }
        }
        Some(())
    }

    #[inline(always)]
    fn block(&mut self, bits: &mut Bits<'_>, place: usize) -> Option<()> {
        self.predicted = self.predicted.wrapping_add(bits.difference(self.first_code)?);
        let mut coefficients = [0.0f32; 64];
        coefficients[0] = self.predicted as f32 * self.quantization[0];
        let behind = bits.others(self.other_code, self.inverse.last, |position, value| {
            let natural = usize::from(ZIGZAG[position & 63]) & 63;
            coefficients[natural] = value as f32 * self.quantization[natural];
        })?;
        let samples = self.samples.get_mut(place..)?;
        match behind.min(self.inverse.last as usize) {
            0 => self.inverse.fill(coefficients[0], samples, self.pitch),
            behind => self
                .inverse
                .put(&coefficients, self.rows[behind & 63], samples, self.pitch),
        }
        Some(())
    }
}

/// Rows of samples to pixels.
#[inline(always)]
fn colour(planes: &[Plane<'_>], out: &mut [u8], width: usize) {
    match planes {
        [grey] => {
            for (out, samples) in out.chunks_exact_mut(width).zip(grey.samples.chunks_exact(grey.pitch)) {
                out.copy_from_slice(&samples[..width]);
            }
        }
        [y, cb, cr] => {
            let rows = y.samples.chunks_exact(y.pitch);
            let colours = cb.samples.chunks_exact(cb.pitch).zip(cr.samples.chunks_exact(cr.pitch));
            for ((out, y), (cb, cr)) in out.chunks_exact_mut(width * 3).zip(rows).zip(colours) {
                rgb(&y[..width], &cb[..width], &cr[..width], out);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use turbojpeg::{Compressor, Decompressor, Image, PixelFormat, Subsamp};

    const LAYOUTS: [Subsamp; 5] = [
        Subsamp::None,
        Subsamp::Sub2x1,
        Subsamp::Sub1x2,
        Subsamp::Sub2x2,
        Subsamp::Gray,
    ];

    /// A picture with slopes, edges and strong colours.
    fn picture(width: usize, height: usize) -> Vec<u8> {
        (0..width * height)
            .flat_map(|i| {
                let (x, y) = (i % width, i / width);
                let edge = if (x / 40 + y / 56) % 2 == 0 { 40 } else { 0 };
                [
                    x * 200 / width + edge,
                    y * 200 / height + edge,
                    (x + y) * 200 / (width + height) + edge,
                ]
                .map(|v| v as u8)
            })
            .collect()
    }

    fn jpeg(width: usize, height: usize, layout: Subsamp, restarts: bool) -> Vec<u8> {
        let mut compressor = Compressor::new().expect("a compressor");
        compressor.set_quality(92).expect("set");
        compressor.set_subsamp(layout).expect("set");
        let pixels = picture(width, height);
        let image = Image {
            pixels: &pixels[..],
            width,
            pitch: width * 3,
            height,
            format: PixelFormat::RGB,
        };
        let data = compressor.compress_to_vec(image).expect("compressed");
        if restarts { with_restarts(&data) } else { data }
    }

    /// The same picture with a restart marker behind each row of units, as many cameras write.
    fn with_restarts(data: &[u8]) -> Vec<u8> {
        let (from, to) = (
            tempfile::NamedTempFile::new().expect("a file"),
            tempfile::NamedTempFile::new().expect("a file"),
        );
        std::fs::write(from.path(), data).expect("written");
        let done = std::process::Command::new("vips")
            .args(["jpegsave", &from.path().to_string_lossy(), &to.path().to_string_lossy()])
            .args(["--Q", "92", "--restart-interval", "3"])
            .status();
        match done {
            Ok(status) if status.success() => std::fs::read(to.path()).expect("read"),
            other => panic!("vips makes no restart markers: {other:?}"),
        }
    }

    /// What libjpeg-turbo decodes whole, averaged over the pixels that one of ours stands for.
    fn reference(data: &[u8], eighths: usize) -> (usize, usize, Vec<[f32; 3]>) {
        let mut decompressor = Decompressor::new().expect("a decompressor");
        let header = decompressor.read_header(data).expect("a header");
        let (width, height) = (header.width, header.height);
        let mut pixels = vec![0; width * height * 3];
        let image = Image {
            pixels: &mut pixels[..],
            width,
            pitch: width * 3,
            height,
            format: PixelFormat::RGB,
        };
        decompressor.decompress(data, image).expect("decoded");
        let (small_width, small_height) = ((width * eighths).div_ceil(8), (height * eighths).div_ceil(8));
        let mut out = vec![];
        for y in 0..small_height {
            for x in 0..small_width {
                let span = |at: usize, most: usize| at * 8 / eighths..((at + 1) * 8).div_ceil(eighths).min(most);
                let (mut sum, mut count) = ([0.0; 3], 0.0);
                for row in span(y, height) {
                    for column in span(x, width) {
                        for (sum, value) in sum.iter_mut().zip(&pixels[(row * width + column) * 3..]) {
                            *sum += f32::from(*value);
                        }
                        count += 1.0;
                    }
                }
                out.push(sum.map(|sum| sum / count));
            }
        }
        (small_width, small_height, out)
    }

    #[test]
    fn every_layout_and_size_looks_like_the_whole_picture() {
        for layout in LAYOUTS {
            for (width, height, restarts) in [(320, 240, false), (333, 251, false), (161, 97, true)] {
                let data = jpeg(width, height, layout, restarts);
                for eighths in 1..=4 {
                    let what = format!("{layout:?} {width} by {height}, {eighths}/8, restarts: {restarts}");
                    let small = decode(&data, eighths).unwrap_or_else(|| panic!("{what}: not decoded"));
                    let (small_width, small_height, want) = reference(&data, eighths);
                    assert_eq!((small.width, small.height), (small_width, small_height), "{what}");
                    let got = small.pixels.chunks_exact(small.channels);
                    let difference: f32 = got
                        .zip(&want)
                        .map(|(got, want)| {
                            let got = |i: usize| f32::from(got[i.min(small.channels - 1)]);
                            (0..3).map(|i| (got(i) - want[i]).abs()).sum::<f32>() / 3.0
                        })
                        .sum::<f32>()
                        / want.len() as f32;
                    assert!(difference < 4.0, "{what}: {difference} of 255 on average");
                }
            }
        }
    }

    /// What old processors compute is what this one does.
    #[test]
    fn every_processor_makes_the_same_picture() {
        for layout in LAYOUTS {
            let data = jpeg(333, 251, layout, false);
            let (header, content, rest) = read(&data).expect("headers");
            for eighths in 1..=4 {
                let plain = scan(content, rest, &header, eighths).expect("decoded");
                let here = decode(&data, eighths).expect("decoded");
                assert!(plain.pixels == here.pixels, "{layout:?}, {eighths}/8");
            }
        }
    }

    #[test]
    fn what_is_cut_short_is_left_to_the_other_decoder() {
        let data = jpeg(320, 240, Subsamp::Sub2x2, false);
        assert!(decode(&data, 2).is_some());
        for part in [data.len() / 4, data.len() / 2, data.len() - 40] {
            assert!(decode(&data[..part], 2).is_none(), "{part} bytes");
        }
    }

    #[test]
    fn a_lost_part_between_restarts_is_left_to_the_other_decoder() {
        let mut data = jpeg(320, 240, Subsamp::Sub2x2, true);
        assert!(decode(&data, 2).is_some());
        let second = data
            .windows(2)
            .position(|two| two == [0xFF, 0xD1])
            .expect("restart markers");
        let third = data
            .windows(2)
            .position(|two| two == [0xFF, 0xD2])
            .expect("restart markers");
        data.drain(second..third);
        assert!(decode(&data, 2).is_none());
    }

    proptest! {
        /// Damage anywhere is survived.
        #[test]
        fn any_damage_is_survived(
            layout in 0..LAYOUTS.len(),
            eighths in 1usize..=4,
            damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        ) {
            let mut data = jpeg(96, 64, LAYOUTS[layout], false);
            for (at, value) in damage {
                let at = at.index(data.len());
                data[at] = value;
            }
            let _unused = decode(&data, eighths).is_some();
        }
    }
}
