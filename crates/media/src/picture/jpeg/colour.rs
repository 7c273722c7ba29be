//! From brightness and two colours to RGB, many pixels at a time.

use std::num::Wrapping;

/// So many pixels are converted at a time.
const LANE: usize = 32;

/// A row, from brightness and colours to RGB.
#[inline(always)]
pub(super) fn rgb(y: &[u8], cb: &[u8], cr: &[u8], out: &mut [u8]) {
    let (y, y_rest) = y.as_chunks::<LANE>();
    let (cb, cb_rest) = cb.as_chunks::<LANE>();
    let (cr, cr_rest) = cr.as_chunks::<LANE>();
    let (whole, rest) = out.split_at_mut(y.len() * LANE * 3);
    for (((y, cb), cr), out) in y.iter().zip(cb).zip(cr).zip(whole.as_chunks_mut::<{ LANE * 3 }>().0) {
        lane(y, cb, cr, out);
    }
    let filled = |from: &[u8]| {
        let mut full = [0; LANE];
        full[..from.len()].copy_from_slice(from);
        full
    };
    let mut last = [0; LANE * 3];
    lane(&filled(y_rest), &filled(cb_rest), &filled(cr_rest), &mut last);
    rest.copy_from_slice(&last[..rest.len()]);
}

/// ITU-T T.871, 7, in sixteenths and with fractions of 16 bits, so that a vector holds many.
#[inline(always)]
fn lane(y: &[u8; LANE], cb: &[u8; LANE], cr: &[u8; LANE], out: &mut [u8; LANE * 3]) {
    // None of these sums leaves 16 bits; a check of each would keep them from being done many at a time.
    let part =
        |weight: i16, Wrapping(value): Wrapping<i16>| Wrapping(((i32::from(value) * i32::from(weight)) >> 16) as i16);
    let pixel = |value: Wrapping<i16>| ((value + Wrapping(8)).0 >> 4).clamp(0, 255) as u8;
    let (mut r, mut g, mut b) = ([0; LANE], [0; LANE], [0; LANE]);
    for i in 0..LANE {
        let y = Wrapping(i16::from(y[i]) << 4);
        let (cb, cr) = (
            Wrapping((i16::from(cb[i]) - 128) << 4),
            Wrapping((i16::from(cr[i]) - 128) << 4),
        );
        // 1.402 = 1 + 0.402; 0.714136 = 1 - 0.285864; 1.772 = 2 - 0.228.
        r[i] = pixel(y + cr + part(26_345, cr));
        g[i] = pixel(y - cr + part(18_734, cr) - part(22_554, cb));
        b[i] = pixel(y + cb + cb - part(14_942, cb));
    }
    for i in 0..LANE {
        out[i * 3] = r[i];
        out[i * 3 + 1] = g[i];
        out[i * 3 + 2] = b[i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every colour, within one of the formula, in rows that are no multiple of a vector.
    #[test]
    fn colours_are_those_of_the_standard() {
        for cb in (0..=255u8).step_by(5) {
            for cr in (0..=255u8).step_by(5) {
                let y: Vec<u8> = (0..=255).step_by(3).collect();
                let mut out = vec![0; y.len() * 3];
                rgb(&y, &vec![cb; y.len()], &vec![cr; y.len()], &mut out);
                for (y, got) in y.iter().zip(out.chunks_exact(3)) {
                    let (y, b, r) = (f32::from(*y), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
                    let want = [y + 1.402 * r, y - 0.344_136 * b - 0.714_136 * r, y + 1.772 * b];
                    for (got, want) in got.iter().zip(want) {
                        let want = want.clamp(0.0, 255.0);
                        assert!((f32::from(*got) - want).abs() <= 1.0, "{y} {b} {r}: {got}, not {want}");
                    }
                }
            }
        }
    }
}
